/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each plan operation may carry: one table for the checker and the printer. Private to wire.
 */
#pragma once

#include "wire/plan.h"

typedef enum PlanData {
        PLAN_DATA_NONE,
        PLAN_DATA_STRING, /* NUL-terminated; may be absent */
        PLAN_DATA_BYTES,
        PLAN_DATA_FILTER, /* struct sock_filter[], at least one */
} PlanData;

typedef enum PlanShow {
        PLAN_SHOW_NUMBERS, /* those of a and b that have a label */
        PLAN_SHOW_MODE,    /* a is a file mode */
        PLAN_SHOW_STOP,    /* a is a signal, b µs */
        PLAN_SHOW_CAPS,    /* a is a set of capabilities */
        PLAN_SHOW_OWNER,   /* a and b are uid and gid, if not 0 */
        PLAN_SHOW_MAP,     /* a is a PlanMap, b a uid */
        PLAN_SHOW_LINK,    /* a is a MAC, b an MTU, if not 0 */
} PlanShow;

#define PLAN_HAS_S (1U << 0)
#define PLAN_HAS_T (1U << 1)

typedef struct PlanOpInfo {
        const char *name;
        unsigned stages;  /* bits of PlanStage */
        unsigned strings; /* PLAN_HAS_*: exactly these are there */
        PlanData data;
        uint32_t flags;    /* those that mean something */
        const char *a, *b; /* labels for printing */
        PlanShow numbers;
} PlanOpInfo;

extern const PlanOpInfo plan_ops[_PLAN_OP_MAX];
