/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Methods of machines that take one word and the option Persist. */
#pragma once

#include "ctl/ctl.h"

/** machine_change() - call it for each machine with each value, as --persist says
 * @method "AddPort" for AddPortMachine()
 * Reports failures. Return: EXIT_OK, or the exit status of the first that failed. */
int machine_change(Ctl *c, const char *method, char *const *names, char *const *values);
