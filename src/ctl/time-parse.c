/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/time-parse.h"

#include "base/io.h"
#include "base/text.h"

#include <string.h>
#include <time.h>

#define USEC_PER_SEC UINT64_C(1000000)

static int usec_of(struct tm *tm, bool utc, uint64_t *ret)
{
        int day = tm->tm_mday, month = tm->tm_mon;

        tm->tm_isdst = -1;
        time_t t = utc ? timegm(tm) : mktime(tm);
        if (tm->tm_mday != day || tm->tm_mon != month) /* the 31st of February */
                return -EINVAL;
        if (t < 0)
                return -ERANGE;
        *ret = (uint64_t)t * USEC_PER_SEC;
        return 0;
}

/* Midnight, @days ago. */
static int parse_day(int days, uint64_t *ret)
{
        time_t now = (time_t)(now_usec(CLOCK_REALTIME) / USEC_PER_SEC);
        struct tm tm;

        if (!localtime_r(&now, &tm))
                return -ERANGE;
        tm.tm_mday -= days;
        tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
        tm.tm_isdst = -1;
        *ret = (uint64_t)mktime(&tm) * USEC_PER_SEC;
        return 0;
}

static int parse_span_before(const char *span, size_t n, uint64_t *ret)
{
        _cleanup_free_ char *text = strndup(span, n);
        uint64_t usec, now = now_usec(CLOCK_REALTIME);
        int r = !text ? -ENOMEM : parse_usec(text, &usec);

        if (r < 0)
                return r;
        if (usec > now)
                return -ERANGE;
        *ret = now - usec;
        return 0;
}

static int parse_calendar(const char *s, uint64_t *ret)
{
        static const struct {
                const char *format;
                bool has_date;
        } forms[] = {
                {"%Y-%m-%d %H:%M:%S", true},
                {"%Y-%m-%dT%H:%M:%S", true},
                {"%Y-%m-%d %H:%M", true},
                {"%Y-%m-%dT%H:%M", true},
                {"%Y-%m-%d", true},
                {"%H:%M:%S", false},
                {"%H:%M", false},
        };
        time_t now = (time_t)(now_usec(CLOCK_REALTIME) / USEC_PER_SEC);

        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                struct tm tm = {0};
                if (!forms[i].has_date && !localtime_r(&now, &tm))
                        return -ERANGE;
                tm.tm_sec = 0;
                const char *end = strptime(s, forms[i].format, &tm);
                bool utc = end && (streq(end, "Z") || streq(end, " UTC"));

                if (end && (!*end || utc))
                        return usec_of(&tm, utc, ret);
        }
        return -EINVAL;
}

int time_parse(const char *s, uint64_t *ret)
{
        size_t n = strlen(s);
        uint64_t seconds;

        if (streq(s, "now")) {
                *ret = now_usec(CLOCK_REALTIME);
                return 0;
        }
        if (streq(s, "today") || streq(s, "yesterday"))
                return parse_day(*s == 'y', ret);
        if (*s == '@') {
                int r = parse_u64(s + 1, UINT64_MAX / USEC_PER_SEC, &seconds);

                *ret = r < 0 ? 0 : seconds * USEC_PER_SEC;
                return r;
        }
        if (*s == '-')
                return parse_span_before(s + 1, n - 1, ret);
        if (n > 4 && streq(s + n - 4, " ago"))
                return parse_span_before(s, n - 4, ret);
        return parse_calendar(s, ret);
}
