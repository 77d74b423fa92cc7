/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/time-text.h"

#include "base/io.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define USEC_PER_SEC 1000000U

const char *time_ago(uint64_t usec, char buf[static TIME_TEXT_MAX])
{
        static const struct {
                uint64_t seconds;
                const char *one, *many;
        } units[] = {
                {86400, " day", " days"},
                {3600, "h", "h"},
                {60, "min", "min"},
                {1, "s", "s"},
        };
        uint64_t now = now_usec(CLOCK_REALTIME);
        uint64_t seconds = now > usec ? (now - usec) / USEC_PER_SEC : 0;

        if (usec == 0)
                return memcpy(buf, "-", 2);
        if (seconds == 0)
                return memcpy(buf, "now", 4);
        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                uint64_t n = seconds / units[i].seconds;

                /* "36h" says more than "1 day", "90s" more than "1min" */
                if (n < 2 && units[i].seconds > 1)
                        continue;
                (void)snprintf(buf, TIME_TEXT_MAX, "%ju%s ago", (uintmax_t)n,
                               n == 1 ? units[i].one : units[i].many);
                return buf;
        }
        return buf;
}

const char *time_span(uint64_t usec, char buf[static TIME_TEXT_MAX])
{
        uint64_t seconds = (usec + USEC_PER_SEC - 1) / USEC_PER_SEC;
        uint64_t minutes = seconds / 60;

        if (seconds < 60)
                (void)snprintf(buf, TIME_TEXT_MAX, "%us", (unsigned)seconds);
        else if (minutes < 60)
                (void)snprintf(buf, TIME_TEXT_MAX, "%umin %us", (unsigned)minutes,
                               (unsigned)(seconds % 60));
        else
                (void)snprintf(buf, TIME_TEXT_MAX, "%juh %umin", (uintmax_t)(minutes / 60),
                               (unsigned)(minutes % 60));
        return buf;
}

const char *time_stamp(uint64_t usec, char buf[static TIME_TEXT_MAX])
{
        time_t seconds = (time_t)(usec / USEC_PER_SEC);
        struct tm tm;

        if (usec == 0 || !localtime_r(&seconds, &tm) ||
            strftime(buf, TIME_TEXT_MAX, "%a %Y-%m-%d %H:%M:%S %Z", &tm) == 0)
                return memcpy(buf, "-", 2);
        return buf;
}
