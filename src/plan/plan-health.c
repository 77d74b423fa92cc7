/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan-health.h"

#include "base/text.h"

/* Docker's defaults. */
#define HEALTH_INTERVAL_USEC 30000000U
#define HEALTH_TIMEOUT_USEC  30000000U
#define HEALTH_RETRIES       3U

static void add(PlanWriter *w, PlanStep step)
{
        step.stage = PLAN_STAGE_PAYLOAD;
        plan_add(w, step);
}

static PlanHealthAction health_action(const Settings *s)
{
        switch (s->health_action) {
        case HEALTH_ACTION_RESTART: return PLAN_HEALTH_RESTART;
        case HEALTH_ACTION_STOP: return PLAN_HEALTH_STOP;
        case HEALTH_ACTION_KILL: return PLAN_HEALTH_KILL;
        default: return PLAN_HEALTH_NONE;
        }
}

bool plan_health_has_check(const Settings *s)
{
        return strv_length(s->healthcheck) > 0 && *s->healthcheck[0];
}

void plan_health_add(PlanWriter *w, const Settings *s)
{
        if (!plan_health_has_check(s))
                return;
        add(w, (PlanStep){PLAN_HEALTH, .a = s->health_interval_usec ?: HEALTH_INTERVAL_USEC,
                          .b = s->health_timeout_usec ?: HEALTH_TIMEOUT_USEC});
        add(w, (PlanStep){PLAN_HEALTH_LIMIT, .a = s->health_start_usec,
                          .b = s->health_retries ?: HEALTH_RETRIES});
        add(w, (PlanStep){PLAN_HEALTH_ACTION, .a = health_action(s)});
        STRV_FOREACH (arg, s->healthcheck)
                add(w, (PlanStep){PLAN_HEALTH_ARG, .s = *arg});
}
