/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings that are resource limits of processes: "SOFT:HARD", or one value for both. libc only. */
#include "spec/setting-type.h"

#include "base/text.h"
#include "spec/resources.h"

#include <string.h>

#define USEC_PER_SEC UINT64_C(1000000)

typedef int (*ParseFn)(const char *s, uint64_t *ret);
typedef int (*FormatFn)(uint64_t v, char **ret);

static int parse_one(const char *s, ParseFn parse, uint64_t *ret)
{
        if (streq(s, "infinity")) {
                *ret = RESOURCE_INFINITY;
                return 0;
        }
        return parse(s, ret) < 0 || *ret == RESOURCE_INFINITY ? -EINVAL : 0;
}

static int parse_pair(const char *s, ParseFn parse, void *field)
{
        const char *colon = strchr(s, ':');
        _cleanup_free_ char *soft = strndup(s, colon ? (size_t)(colon - s) : strlen(s));
        RlimitPair p;

        if (!soft)
                return -ENOMEM;
        if (parse_one(soft, parse, &p.soft) < 0)
                return -EINVAL;
        p.hard = p.soft;
        if ((colon && parse_one(colon + 1, parse, &p.hard) < 0) || p.soft > p.hard)
                return -EINVAL;
        memcpy(field, &p, sizeof(p));
        return 0;
}

static int format_one(uint64_t v, FormatFn format, char **ret)
{
        if (v != RESOURCE_INFINITY)
                return format(v, ret);
        *ret = strdup("infinity");
        return *ret ? 0 : -ENOMEM;
}

static int format_pair(const void *field, FormatFn format, char **ret)
{
        const RlimitPair *p = field;
        _cleanup_free_ char *soft = NULL, *hard = NULL;

        *ret = NULL;
        if (!rlimit_is_set(p))
                return 0;
        int r = format_one(p->soft, format, &soft);
        if (r >= 0 && p->hard == p->soft) {
                *ret = TAKE_PTR(soft);
                return 0;
        }
        r = r < 0 ? r : format_one(p->hard, format, &hard);
        if (r < 0)
                return r;
        return asprintf(ret, "%s:%s", soft, hard) < 0 ? -ENOMEM : 0;
}

static int parse_number(const char *s, uint64_t *ret)
{
        return parse_u64(s, UINT64_MAX - 1, ret);
}

/* The kernel counts seconds of it. */
static int parse_seconds(const char *s, uint64_t *ret)
{
        int r = parse_usec(s, ret);

        if (r >= 0)
                *ret = *ret / USEC_PER_SEC + (*ret % USEC_PER_SEC > 0);
        return r;
}

static int parse_rlimit_bytes(const char *s, void *field)
{
        return parse_pair(s, parse_bytes, field);
}

static int format_rlimit_bytes(const void *field, char **ret)
{
        return format_pair(field, setting_format_bytes, ret);
}

static int parse_rlimit_number(const char *s, void *field)
{
        return parse_pair(s, parse_number, field);
}

static int format_rlimit_number(const void *field, char **ret)
{
        return format_pair(field, setting_format_number, ret);
}

static int parse_rlimit_time(const char *s, void *field)
{
        return parse_pair(s, parse_seconds, field);
}

const SettingType setting_rlimit_bytes = {
        .allowed = "give bytes such as 64M, or infinity, or SOFT:HARD of these",
        .size = sizeof(RlimitPair),
        .parse = parse_rlimit_bytes,
        .format = format_rlimit_bytes,
};
const SettingType setting_rlimit_number = {
        .allowed = "give a number, or infinity, or SOFT:HARD of these",
        .size = sizeof(RlimitPair),
        .parse = parse_rlimit_number,
        .format = format_rlimit_number,
};
const SettingType setting_rlimit_time = {
        .allowed = "give a time such as 90s or 5min, or infinity, or SOFT:HARD of these",
        .size = sizeof(RlimitPair),
        .parse = parse_rlimit_time,
        .format = format_rlimit_number, /* a bare number is seconds */
};
