/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Creating a machine from the options of create and run. */
#pragma once

#include "ctl/settings-options.h"

/** create_machine() - CreateMachine() with the settings of the command line
 * @image "" where RootDirectory is among the settings; what is missing is pulled first, or as
 *        --pull says
 * @object what failures are about: the machine, or the image where nobody has named the machine
 * Reports failures. Return: the exit status. */
int create_machine(Ctl *c, const char *name, const char *image, const SettingsExtra *extra,
                   const char *object);
