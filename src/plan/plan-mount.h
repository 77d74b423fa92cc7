/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The step for a mount in a machine that runs. */
#pragma once

#include "spec/mount-entry.h"
#include "wire/plan.h"

/** plan_add_mount() - append it, as a plan for a start would have it
 * @e       a volume has a name; not a tmpfs at /run
 * @volumes host directory: NAME/data
 * @owner   uid of the machine's creator */
void plan_add_mount(PlanWriter *w, const MountEntry *e, const char *volumes, uint32_t owner);
