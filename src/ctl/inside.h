/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running something inside a machine that runs: with streams of its own, or on a terminal. */
#pragma once

#include "ctl/ctl.h"

/** inside_on_streams() - Exec(): separate streams; returns the command's exit status
 * @machine,@argv what to run where; user, directory and environment come from the options
 * @user          "" is root
 * @login         as after a login: in the user's home, and told of our language */
int inside_on_streams(Ctl *c, const char *machine, const char *user, bool login, char *const *argv);

/** inside_on_terminal() - Shell() or Login(): a terminal of the guest's; returns the exit status
 * @method "Shell" or "Login"
 * @user   for Shell(): "" is root
 * @argv   for Shell(): NULL or empty is the user's login shell */
int inside_on_terminal(Ctl *c, const char *machine, const char *method, const char *user,
                       char *const *argv);
