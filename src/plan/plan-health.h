/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps for a machine's health check: part of the plan of its start, or by themselves for one
 * that runs. */
#pragma once

#include "spec/settings.h"
#include "wire/plan.h"

#include <stdbool.h>

/** plan_health_has_check() - is there a health check?
 * @s with what the image says */
bool plan_health_has_check(const Settings *s);
/** plan_health_add() - append its steps, if there is one
 * @s likewise */
void plan_health_add(PlanWriter *w, const Settings *s);
