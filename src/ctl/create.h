/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Creating a machine from the options of create and run. */
#pragma once

#include "ctl/settings-options.h"

/** create_machine() - CreateMachine() with the settings of the command line
 * @image "" where RootDirectory is among the settings
 * Return: 0; negative errno with a Fault. */
int create_machine(const Ctl *c, const char *name, const char *image, const SettingsExtra *extra,
                   Fault *reterr);
