/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A systemd for managers in unit tests: takes everything, and does nothing. */
#pragma once

#include "core/ports.h"

static inline int fake_unit_ok(void *userdata, const char *unit)
{
        return 0;
}

static inline void fake_unit_ignore(void *userdata, const char *unit)
{
}

static inline void fake_sweep(void *userdata)
{
}

static const UnitPort fake_units = {
        .start = fake_unit_ok,
        .stop = fake_unit_ok,
        .watch = fake_unit_ok,
        .unwatch = fake_unit_ignore,
        .forget = fake_unit_ignore,
};
static const WorkPort fake_work = {.sweep = fake_sweep};
