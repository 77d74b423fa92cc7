/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resource limits of the machine's processes, by the plan's names. */
#pragma once

#include "shim/failure.h"
#include "wire/plan.h"

/** rlimit_resource() - RLIMIT_* of a name without "RLIMIT_"; -EINVAL */
int rlimit_resource(const char *name);

/** rlimit_raise() - a PLAN_RLIMIT step of PLAN_STAGE_HOST: raise our own hard limit, never lower it
 * Return: 0; negative errno. */
int rlimit_raise(const PlanStep *s);

/** rlimit_failed() - say that it could not be raised
 * Return: @r, negative errno. */
int rlimit_failed(const PlanStep *s, int r, Failure *f);
