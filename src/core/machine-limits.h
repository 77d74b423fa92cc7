/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limits of a machine's unit, section [Resources]: systemd has them before PID 1 runs, or there
 * is no start. */
#pragma once

#include "base/fault.h"
#include "core/types.h"
#include "spec/settings.h"

/** machine_limits_apply() - have its unit's limits be what its settings say, also while it runs */
void machine_limits_apply(Machine *m);
/** machine_limits_follow() - have the unit of a machine that runs have the limits that @wanted says
 * If systemd does not take them, that is warned of. Return: 0; negative errno with a sentence. */
int machine_limits_follow(Machine *m, const Settings *wanted, Fault *reterr);
/** machine_limits_changed() - the same, if they are other ones than before
 * @before the settings that it had */
void machine_limits_changed(Machine *m, const Settings *before);
/** machine_limits_await() - may the plan be sent?
 * Return: 0 yes; 1 not yet, and machine_launch() is called again; negative errno: never. */
int machine_limits_await(Machine *m, Fault *reterr);
/** machine_limits_told() - systemd has taken them
 * @error it has not; may be NULL */
void machine_limits_told(Machine *m, const char *error);
