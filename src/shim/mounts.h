/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest has mounted of the host, and file systems in memory: Bind=, Volume= and Tmpfs=, from
 * its start or later. */
#pragma once

#include "shim/failure.h"
#include "wire/frame.h"
#include "wire/plan.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct Mounts {
        char *plan; /* steps of PLAN_STAGE_ROOT that hold, also for the next PID 1 */
        size_t n_plan;
        int *pins; /* the mounts of its PLAN_SHARE and PLAN_MOUNT steps, in their order: kept open,
                    * so that they are known wherever the guest has moved them, and are not
                    * unmounted by accident */
        size_t n_pins;
} Mounts;

/** mounts_is_one() - does this step mount something of ours? */
bool mounts_is_one(const PlanStep *s);
/** mounts_target() - where in the guest a step of PLAN_STAGE_ROOT is about */
const char *mounts_target(const PlanStep *s);

/** mounts_are_some() - does any of the steps? */
bool mounts_are_some(const Mounts *m);

/** mounts_take() - note the steps of a machine's plan
 * Return: 0; -ENOMEM. */
int mounts_take(Mounts *m, const void *plan, size_t n_plan);
/** mounts_pin() - the mount of the next step has been made
 * @fd consumed, also on failure
 * Return: 0; -ENOMEM. */
int mounts_pin(Mounts *m, int fd);
/** mounts_unpin() - PID 1 has ended; the steps stay */
void mounts_unpin(Mounts *m);

/** mounts_add() - another one has been made, and is from now on at each start
 * @plan with one step
 * @fd   consumed, also on failure
 * Return: 0; negative errno, and it is unmounted. */
int mounts_add(Mounts *m, const void *plan, size_t n_plan, int fd, int leader, Failure *f);
/** mounts_remove() - unmount one, now and for good
 * Also if the guest was faster.
 * @leader pidfd of PID 1
 * Return: 0; -ENOENT there is none; negative errno. @f is set. */
int mounts_remove(Mounts *m, const char *target, int leader, Failure *f);

/** mounts_tell() - append them to FRAME_STATE */
void mounts_tell(const Mounts *m, FrameWriter *w);
