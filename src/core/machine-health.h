/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The health check of a machine that runs, which its shim carries out. */
#pragma once

#include "base/fault.h"
#include "core/types.h"
#include "spec/settings.h"

/** machine_health_follow() - have a machine that runs checked as [Health] of @wanted says
 * What its shim does not take is warned of later.
 * Return: 0; negative errno with a sentence. */
int machine_health_follow(Machine *m, const Settings *wanted, Fault *reterr);
/** machine_health_adopt() - likewise as its own settings say: the lodged before may have been
 * killed on the way from the file to the shim */
void machine_health_adopt(Machine *m);
