/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every machine finds in /proc, /sys, /dev, /run and /tmp. Private to plan. */
#pragma once

#include "plan/guest-mounts.h"
#include "plan/guest-network.h"
#include "wire/plan.h"

#include <stdbool.h>

typedef struct GuestFiles {
        const char *machine_id; /* 32 digits */
        const char *uuid;       /* the same with dashes */
        const char *hostname;
        bool booting, nesting;
        GuestNetwork network;
        const GuestMounts *mounts; /* what is mounted there is left out here */
} GuestFiles;

/** guest_files_add() - the steps of PLAN_STAGE_TREE, PLAN_STAGE_OUTER, PLAN_STAGE_ROOT and
 * PLAN_STAGE_INNER */
void guest_files_add(PlanWriter *w, const GuestFiles *g, const GuestMountFacts *facts);

#define GUEST_NOTIFY_SOCKET "/run/host/notify"
