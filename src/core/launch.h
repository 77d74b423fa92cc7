/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a machine's definition to the plan of its next start. */
#pragma once

#include "base/fault.h"
#include "core/types.h"
#include "spec/settings.h"
#include "wire/plan.h"

typedef struct Launch {
        PlanWriter writer;
        const void *plan; /* in writer */
        size_t n_plan;
        uint32_t uid_base;
        int uid_lock; /* -EBADF if not taken */
} Launch;

/** launch_prepare() - look at the image, take a range of user ids, compile the plan
 * @m    any machine
 * @lock false: only to show the plan
 * Context: the first call for a set of capabilities takes tens of ms, for the system call filter.
 * Return: 0; negative errno with a sentence. */
int launch_prepare(Machine *m, bool lock, Launch *ret, Fault *reterr);
/** launch_apply_image() - what a machine would be started by, if its definition was this
 * @s unchanged on failure
 * Return: 0; negative errno with a sentence, also if there is no such image. */
int launch_apply_image(const Machine *m, Settings *s, Fault *reterr);
/** launch_done() - free the plan and let go of the range of ids */
void launch_done(Launch *l);
#define _cleanup_launch_ _cleanup_(launch_done)

/** launch_free_filter() - GDestroyNotify of the values in Manager.filters */
void launch_free_filter(void *p);

/** launch_warm_up() - compile the usual system call filter ahead of the first start */
void launch_warm_up(Manager *manager);
