/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times as people read them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TIME_TEXT_MAX 64

/** time_ago() - "3min ago", "2 days ago"
 * @usec CLOCK_REALTIME; 0: never
 * @buf  gets the text, "-" for never
 * Return: @buf. */
const char *time_ago(uint64_t usec, char buf[static TIME_TEXT_MAX]);

/** time_span() - "12s", "3min 5s", "2h 10min"
 * Return: @buf. */
const char *time_span(uint64_t usec, char buf[static TIME_TEXT_MAX]);

/** time_stamp() - "Mon 2026-11-23 18:43:57 UTC", in local time
 * Return: @buf, "-" for 0. */
const char *time_stamp(uint64_t usec, char buf[static TIME_TEXT_MAX]);
