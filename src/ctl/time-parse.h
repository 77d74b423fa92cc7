/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Points in time as people write them. */
#pragma once

#include <stdint.h>

/** time_parse() - a time as systemd.time(7) has it, in local time
 * "2026-11-26 02:00[:00]", "2026-11-26", "02:00[:00]", with a T between date and time or a Z behind
 * it; "now", "today", "yesterday", "@SECONDS"; "-5min", "5min ago".
 * @ret µs, CLOCK_REALTIME
 * Return: 0; -EINVAL; -ERANGE. */
int time_parse(const char *s, uint64_t *ret);
