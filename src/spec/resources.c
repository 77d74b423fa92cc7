/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/resources.h"

#include "base/text.h"
#include "spec/mount-entry.h"
#include "spec/setting-type.h"

#include <inttypes.h>
#include <string.h>

#define CPU_QUOTA_PERCENT_MAX 1000000U /* ten thousand CPUs */
#define USEC_PER_PERCENT      10000U   /* of a second */
#define WEIGHT_MAX            10000U

bool resources_is_unit_key(const SettingKey *key)
{
        return streq(key->section, "Resources") && strncmp(key->name, "Limit", 5) != 0;
}

const char *rlimit_name(RlimitKind kind)
{
        static const char *const names[_RLIMIT_KIND_MAX] = {
                [RLIMIT_KIND_AS] = "AS",
                [RLIMIT_KIND_CORE] = "CORE",
                [RLIMIT_KIND_CPU] = "CPU",
                [RLIMIT_KIND_DATA] = "DATA",
                [RLIMIT_KIND_FSIZE] = "FSIZE",
                [RLIMIT_KIND_MEMLOCK] = "MEMLOCK",
                [RLIMIT_KIND_MSGQUEUE] = "MSGQUEUE",
                [RLIMIT_KIND_NOFILE] = "NOFILE",
                [RLIMIT_KIND_NPROC] = "NPROC",
                [RLIMIT_KIND_SIGPENDING] = "SIGPENDING",
                [RLIMIT_KIND_STACK] = "STACK",
        };

        return names[kind];
}

/* ---- memory and tasks ---- */

/* "50%", "12.5%", "0.25%" */
static int parse_permyriad(const char *s, uint32_t *ret)
{
        char whole[8] = "", part[3] = "00";
        size_t n = strspn(s, "0123456789"), m = 0;
        uint64_t percent, rest;

        if (n == 0 || n >= sizeof(whole))
                return -EINVAL;
        memcpy(whole, s, n);
        s += n;
        if (*s == '.') {
                m = strspn(++s, "0123456789");
                if (m == 0 || m > 2)
                        return -EINVAL;
                memcpy(part, s, m);
                s += m;
        }
        if (!streq(s, "%") || parse_u64(whole, 100, &percent) < 0 ||
            parse_u64(part, 99, &rest) < 0 || percent * 100 + rest > RESOURCE_ALL)
                return -EINVAL;
        *ret = (uint32_t)(percent * 100 + rest);
        return 0;
}

static int parse_limit(const char *s, int (*parse_number)(const char *s, uint64_t *ret),
                       void *field)
{
        ResourceLimit l = {.is_set = true};

        if (streq(s, "infinity"))
                l.value = RESOURCE_INFINITY;
        else if (!strchr(s, '%')) {
                if (parse_number(s, &l.value) < 0 || l.value == RESOURCE_INFINITY)
                        return -EINVAL;
        } else if (parse_permyriad(s, &l.permyriad) < 0)
                return -EINVAL;
        memcpy(field, &l, sizeof(l)); /* no percent of anything is the number 0 */
        return 0;
}

static bool is_zero(const void *field)
{
        const ResourceLimit *l = field;

        return l->value == 0 && l->permyriad == 0;
}

static int parse_memory(const char *s, void *field)
{
        return parse_limit(s, parse_bytes, field);
}

static int parse_memory_max(const char *s, void *field)
{
        return parse_memory(s, field) < 0 || is_zero(field) ? -EINVAL : 0;
}

static int parse_count(const char *s, uint64_t *ret)
{
        return parse_u64(s, UINT64_MAX - 1, ret);
}

static int parse_tasks_max(const char *s, void *field)
{
        return parse_limit(s, parse_count, field) < 0 || is_zero(field) ? -EINVAL : 0;
}

static int format_permyriad(uint32_t v, char **ret)
{
        int n = v % 100 == 0  ? asprintf(ret, "%" PRIu32 "%%", v / 100)
                : v % 10 == 0 ? asprintf(ret, "%" PRIu32 ".%" PRIu32 "%%", v / 100, v % 100 / 10)
                              : asprintf(ret, "%" PRIu32 ".%02" PRIu32 "%%", v / 100, v % 100);

        return n < 0 ? -ENOMEM : 0;
}

static int format_limit(const void *field, int (*format_value)(uint64_t v, char **ret), char **ret)
{
        const ResourceLimit *l = field;

        *ret = NULL;
        if (!l->is_set)
                return 0;
        if (l->permyriad > 0)
                return format_permyriad(l->permyriad, ret);
        if (l->value != RESOURCE_INFINITY)
                return format_value(l->value, ret);
        *ret = strdup("infinity");
        return *ret ? 0 : -ENOMEM;
}

static int format_memory(const void *field, char **ret)
{
        return format_limit(field, setting_format_bytes, ret);
}

static int format_tasks(const void *field, char **ret)
{
        return format_limit(field, setting_format_number, ret);
}

/* ---- CPU, weights ---- */

/* Whole percents: what systemd 252 writes down of it, and would read back later, has no others. */
static int parse_cpu_quota(const char *s, void *field)
{
        size_t n = strspn(s, "0123456789");
        _cleanup_free_ char *digits = strndup(s, n);
        uint64_t percent;

        if (!digits)
                return -ENOMEM;
        if (!streq(s + n, "%") || parse_u64(digits, CPU_QUOTA_PERCENT_MAX, &percent) < 0 ||
            percent == 0)
                return -EINVAL;
        *(uint64_t *)field = percent * USEC_PER_PERCENT;
        return 0;
}

static int format_cpu_quota(const void *field, char **ret)
{
        uint64_t v = *(const uint64_t *)field;

        *ret = NULL;
        if (v == 0)
                return 0;
        return asprintf(ret, "%" PRIu64 "%%", v / USEC_PER_PERCENT) < 0 ? -ENOMEM : 0;
}

static int parse_weight(const char *s, void *field)
{
        uint64_t v;

        if (parse_u64(s, WEIGHT_MAX, &v) < 0 || v == 0)
                return -EINVAL;
        *(uint32_t *)field = (uint32_t)v;
        return 0;
}

static int parse_cpu_weight(const char *s, void *field)
{
        if (!streq(s, "idle"))
                return parse_weight(s, field);
        *(uint32_t *)field = CPU_WEIGHT_IDLE;
        return 0;
}

static int format_weight(const void *field, char **ret)
{
        uint32_t v = *(const uint32_t *)field;

        *ret = NULL;
        if (v == CPU_WEIGHT_DEFAULT)
                return 0;
        if (v != CPU_WEIGHT_IDLE)
                return setting_format_number(v, ret);
        *ret = strdup("idle");
        return *ret ? 0 : -ENOMEM;
}

/* ---- sets of CPUs ---- */

static int take_cpu(const char **s, uint64_t *ret)
{
        size_t n = strspn(*s, "0123456789");
        char digits[8] = "";

        if (n == 0 || n >= sizeof(digits))
                return -EINVAL;
        memcpy(digits, *s, n);
        *s += n;
        return parse_u64(digits, RESOURCE_CPUS_MAX - 1, ret) < 0 ? -EINVAL : 0;
}

int cpu_list_parse(const char *text, uint8_t mask[static RESOURCE_CPUS_MAX / 8])
{
        for (;; text++) {
                uint64_t first = 0, last;
                int r = take_cpu(&text, &first);

                last = first;
                if (r >= 0 && *text == '-') {
                        text++;
                        r = take_cpu(&text, &last);
                }
                if (r < 0 || last < first || (*text && *text != ','))
                        return -EINVAL;
                for (uint64_t cpu = first; cpu <= last; cpu++)
                        mask[cpu / 8] |= (uint8_t)(1U << cpu % 8);
                if (!*text)
                        return 0;
        }
}

static bool check_cpus(const char *s, const char **ret_why)
{
        uint8_t mask[RESOURCE_CPUS_MAX / 8] = {0};

        return cpu_list_parse(s, mask) >= 0;
}

/* ---- devices ---- */

static int parse_decimal_size(const char *s, uint64_t *ret)
{
        static const char units[] = "KMGT";
        size_t n = strspn(s, "0123456789");
        _cleanup_free_ char *digits = strndup(s, n);
        const char *unit = s[n] ? strchr(units, s[n]) : NULL;
        uint64_t v;

        if (!digits)
                return -ENOMEM;
        if ((s[n] && (!unit || s[n + 1])) || parse_count(digits, &v) < 0)
                return -EINVAL;
        for (const char *u = units; unit && u <= unit; u++)
                if (__builtin_mul_overflow(v, 1000U, &v))
                        return -EINVAL;
        *ret = v;
        return 0;
}

static int parse_device_value(DeviceValue kind, const char *s, uint64_t *ret, const char **ret_why)
{
        uint32_t weight = 0;
        int r;

        if (kind == DEVICE_WEIGHT) {
                r = parse_weight(s, &weight);
                *ret = weight;
                *ret_why = "a weight is a number from 1 to 10000";
                return r;
        }
        *ret_why = "a limit is a number above 0, with K, M, G or T, or infinity";
        if (streq(s, "infinity")) {
                *ret = RESOURCE_INFINITY;
                return 0;
        }
        r = parse_decimal_size(s, ret);
        return r < 0 ? r : *ret == 0 ? -EINVAL : 0;
}

int device_value_parse(DeviceValue kind, const char *text, char **ret_path, uint64_t *ret_value,
                       const char **ret_why)
{
        size_t n = strcspn(text, " \t");
        const char *value = text + n + strspn(text + n, " \t");
        _cleanup_free_ char *path = strndup(text, n);

        if (!path)
                return -ENOMEM;
        *ret_why = NULL; /* as the setting's type has it */
        if (!*value || strpbrk(value, " \t"))
                return -EINVAL;
        if (!path_is_clean(path) || strpbrk(path, "\"'\\") || streq(path, "/")) {
                *ret_why = "the device is named by an absolute path, without '.', '..', quotes, "
                           "blanks or control characters";
                return -EINVAL;
        }
        int r = parse_device_value(kind, value, ret_value, ret_why);
        if (r >= 0)
                *ret_path = TAKE_PTR(path);
        return r;
}

static bool check_device(DeviceValue kind, const char *s, const char **ret_why)
{
        _cleanup_free_ char *path = NULL;
        uint64_t value;

        return utf8_is_valid(s) && device_value_parse(kind, s, &path, &value, ret_why) >= 0;
}

static bool check_device_weight(const char *s, const char **ret_why)
{
        return check_device(DEVICE_WEIGHT, s, ret_why);
}

static bool check_device_bytes(const char *s, const char **ret_why)
{
        return check_device(DEVICE_BYTES, s, ret_why);
}

static bool check_device_count(const char *s, const char **ret_why)
{
        return check_device(DEVICE_COUNT, s, ret_why);
}

/* One blank between path and value, however many there were. */
static int canonical_device(const char *s, char **ret)
{
        size_t n = strcspn(s, " \t");

        return asprintf(ret, "%.*s %s", (int)n, s, s + n + strspn(s + n, " \t")) < 0 ? -ENOMEM : 0;
}

const SettingType setting_memory_max = {
        .allowed = "give bytes above 0, such as 512M or 2G, a percentage of the host's memory, or "
                   "infinity",
        .size = sizeof(ResourceLimit),
        .parse = parse_memory_max,
        .format = format_memory,
};
const SettingType setting_memory = {
        .allowed = "give bytes, such as 512M or 2G, a percentage of the host's memory, or infinity",
        .size = sizeof(ResourceLimit),
        .parse = parse_memory,
        .format = format_memory,
};
const SettingType setting_tasks_max = {
        .allowed = "give a number above 0, a percentage of what the host can have, or infinity",
        .size = sizeof(ResourceLimit),
        .parse = parse_tasks_max,
        .format = format_tasks,
};
const SettingType setting_cpu_quota = {
        .allowed = "give a whole percentage of one CPU's time, such as 20% or 150%",
        .size = sizeof(uint64_t),
        .parse = parse_cpu_quota,
        .format = format_cpu_quota,
};
const SettingType setting_cpu_weight = {
        .allowed = "give a number from 1 to 10000, or idle",
        .size = sizeof(uint32_t),
        .parse = parse_cpu_weight,
        .format = format_weight,
};
const SettingType setting_io_weight = {
        .allowed = "give a number from 1 to 10000",
        .size = sizeof(uint32_t),
        .parse = parse_weight,
        .format = format_weight,
};
const SettingType setting_cpus = {
        .allowed = "give CPUs such as 0-3,5",
        .check = check_cpus,
        .is_list = true,
};
const SettingType setting_device_weight = {
        .allowed = "give DEVICE WEIGHT, such as /dev/vda 200",
        .check = check_device_weight,
        .canonical = canonical_device,
        .is_list = true,
        .one_a_line = true,
        .is_raw = true,
        .whole_line = true,
};
const SettingType setting_device_bytes = {
        .allowed = "give DEVICE BYTES, such as /dev/vda 10M",
        .check = check_device_bytes,
        .canonical = canonical_device,
        .is_list = true,
        .one_a_line = true,
        .is_raw = true,
        .whole_line = true,
};
const SettingType setting_device_count = {
        .allowed = "give DEVICE NUMBER, such as /dev/vda 500",
        .check = check_device_count,
        .canonical = canonical_device,
        .is_list = true,
        .one_a_line = true,
        .is_raw = true,
        .whole_line = true,
};
