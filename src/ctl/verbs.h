/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs, one a file verb-*.c. Each returns the exit status and has reported what failed. */
#pragma once

#include "ctl/ctl.h"

/** verb_list() - all machines in a table */
int verb_list(Ctl *c);
/** verb_images() - all images in a table */
int verb_images(Ctl *c);
/** verb_status() - one screen a machine */
int verb_status(Ctl *c);
/** verb_show() - properties, for programs */
int verb_show(Ctl *c);
/** verb_create() - create a machine from an image or a directory */
int verb_create(Ctl *c);
/** verb_rm() - remove machines */
int verb_rm(Ctl *c);
/** verb_start() - start machines and wait until they run */
int verb_start(Ctl *c);
/** verb_stop() - stop machines and wait until they are gone */
int verb_stop(Ctl *c);
/** verb_restart() - stop and start machines */
int verb_restart(Ctl *c);
/** verb_terminate() - kill every process of machines */
int verb_terminate(Ctl *c);
/** verb_kill() - send a signal */
int verb_kill(Ctl *c);
/** verb_enable() - start machines at boot */
int verb_enable(Ctl *c);
/** verb_disable() - do not start machines at boot */
int verb_disable(Ctl *c);
/** verb_wait() - wait for a state */
int verb_wait(Ctl *c);
/** verb_run() - create, start, attach, remove; the status is PID 1's */
int verb_run(Ctl *c);
/** verb_exec() - run a command inside; the status is the command's */
int verb_exec(Ctl *c);
/** verb_shell() - a login shell inside; the status is the shell's */
int verb_shell(Ctl *c);
/** verb_login() - a login prompt inside */
int verb_login(Ctl *c);
/** verb_attach() - PID 1's output and input */
int verb_attach(Ctl *c);
/** verb_logs() - the last lines of PID 1's output */
int verb_logs(Ctl *c);
/** verb_plan() - what a start would do */
int verb_plan(Ctl *c);
/** verb_doctor() - what is missing on this host */
int verb_doctor(Ctl *c);
/** verb_version() - versions of lodgectl and lodged */
int verb_version(Ctl *c);
/** verb_help() - help on a verb, or on all */
int verb_help(Ctl *c);
