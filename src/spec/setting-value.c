/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings that are not strings: numbers, switches, signals, sets. */
#include "spec/setting-type.h"

#include "base/capability.h"
#include "base/text.h"
#include "spec/ready-when.h"
#include "spec/settings.h"
#include "spec/words.h"

#include <inttypes.h>
#include <string.h>

static int duplicate(const char *s, char **ret)
{
        *ret = strdup(s);
        return *ret ? 0 : -ENOMEM;
}

int setting_format_number(uint64_t v, char **ret)
{
        return asprintf(ret, "%" PRIu64, v) < 0 ? -ENOMEM : 0;
}

/* ---- 128-bit ids ---- */

static int parse_hex(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -EINVAL;
}

/* With or without the dashes of a UUID. */
static int parse_id(const char *s, void *field)
{
        static const uint8_t none[16];
        bool dashes = strlen(s) == 36;
        uint8_t id[16];

        if (!dashes && strlen(s) != 32)
                return -EINVAL;
        for (size_t i = 0; i < sizeof(id); i++) {
                if (dashes && (i == 4 || i == 6 || i == 8 || i == 10) && *s++ != '-')
                        return -EINVAL;

                int high = parse_hex(s[0]), low = parse_hex(s[1]);
                if (high < 0 || low < 0)
                        return -EINVAL;
                id[i] = (uint8_t)(high << 4 | low);
                s += 2;
        }
        if (memcmp(id, none, sizeof(id)) == 0)
                return -EINVAL;
        memcpy(field, id, sizeof(id));
        return 0;
}

static int format_id(const void *field, char **ret)
{
        static const uint8_t none[16];
        const uint8_t *id = field;
        char text[33];

        *ret = NULL;
        if (memcmp(id, none, sizeof(none)) == 0)
                return 0;
        for (size_t i = 0; i < 16; i++)
                (void)snprintf(text + 2 * i, 3, "%02x", id[i]);
        return duplicate(text, ret);
}

/* ---- numbers ---- */

static int parse_uid(const char *s, void *field)
{
        uint64_t v;

        if (parse_u64(s, UINT32_MAX - 1, &v) < 0)
                return -EINVAL;
        *(uint32_t *)field = (uint32_t)v;
        return 0;
}

static int format_uid(const void *field, char **ret)
{
        return setting_format_number(*(const uint32_t *)field, ret);
}

static int parse_timestamp(const char *s, void *field)
{
        return parse_u64(s, UINT64_MAX - 1, field) < 0 ? -EINVAL : 0;
}

static int format_timestamp(const void *field, char **ret)
{
        return setting_format_number(*(const uint64_t *)field, ret);
}

static int parse_size(const char *s, void *field)
{
        uint64_t v;

        /* a page is the least that any file system can limit */
        if (parse_bytes(s, &v) < 0 || v < 4096)
                return -EINVAL;
        *(uint64_t *)field = v;
        return 0;
}

int setting_format_bytes(uint64_t v, char **ret)
{
        const char *unit = "KMGT";

        if (v == 0 || v % 1024 != 0)
                return setting_format_number(v, ret);
        for (v /= 1024; v % 1024 == 0 && unit[1]; v /= 1024)
                unit++;
        return asprintf(ret, "%" PRIu64 "%c", v, *unit) < 0 ? -ENOMEM : 0;
}

static int format_size(const void *field, char **ret)
{
        uint64_t v = *(const uint64_t *)field;

        *ret = NULL;
        return v > 0 ? setting_format_bytes(v, ret) : 0;
}

static int parse_span(const char *s, void *field)
{
        int r = parse_usec(s, field);

        return r < 0 && r != -ENOMEM ? -EINVAL : r;
}

static int format_span(const void *field, char **ret)
{
        uint64_t v = *(const uint64_t *)field;
        int n;

        if (v == UINT64_MAX)
                return duplicate("infinity", ret);
        if (v % 1000000 == 0)
                n = asprintf(ret, "%" PRIu64 "s", v / 1000000);
        else if (v % 1000 == 0)
                n = asprintf(ret, "%" PRIu64 "ms", v / 1000);
        else
                n = asprintf(ret, "%" PRIu64 "us", v);
        return n < 0 ? -ENOMEM : 0;
}

/* ---- switches, words ---- */

/* 0 in the struct: not given */
static int parse_count(const char *s, void *field)
{
        uint64_t v;

        if (parse_u64(s, INT32_MAX, &v) < 0 || v == 0)
                return -EINVAL;
        *(uint32_t *)field = (uint32_t)v;
        return 0;
}

static int parse_switch(const char *s, void *field)
{
        int v = parse_bool(s);

        if (v < 0)
                return v;
        *(bool *)field = v;
        return 0;
}

static int format_switch(const void *field, char **ret)
{
        return duplicate(*(const bool *)field ? "yes" : "no", ret);
}

static int parse_optional_switch(const char *s, void *field)
{
        int v = parse_bool(s);

        if (v < 0)
                return v;
        *(int *)field = v;
        return 0;
}

static int format_optional_switch(const void *field, char **ret)
{
        int v = *(const int *)field;

        *ret = NULL;
        return v < 0 ? 0 : duplicate(v ? "yes" : "no", ret);
}

static int parse_stop_signal(const char *s, void *field)
{
        int v = parse_signal(s);

        if (v < 0)
                return v;
        *(int *)field = v;
        return 0;
}

static int format_stop_signal(const void *field, char **ret)
{
        char buf[16];

        *ret = NULL;
        return *(const int *)field > 0 ? duplicate(signal_name(*(const int *)field, buf), ret) : 0;
}

static const char *const writable_layers[_WRITABLE_LAYER_MAX] = {
        [WRITABLE_LAYER_STOP] = "stop",
        [WRITABLE_LAYER_REBOOT] = "reboot",
        [WRITABLE_LAYER_KEEP] = "keep",
};

static const char *const writable_media[_WRITABLE_MEDIUM_MAX] = {
        [WRITABLE_MEDIUM_DISK] = "disk",
        [WRITABLE_MEDIUM_MEMORY] = "memory",
};

static int parse_choice(const char *s, const char *const *choices, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (streq(choices[i], s))
                        return (int)i;
        return -EINVAL;
}

static const char *const restarts[_RESTART_POLICY_MAX] = {
        [RESTART_NO] = "no",
        [RESTART_ALWAYS] = "always",
        [RESTART_ON_SUCCESS] = "on-success",
        [RESTART_ON_FAILURE] = "on-failure",
        [RESTART_ON_ABNORMAL] = "on-abnormal",
        [RESTART_ON_ABORT] = "on-abort",
};

static const char *const health_actions[_HEALTH_ACTION_MAX] = {
        [HEALTH_ACTION_NONE] = "none",
        [HEALTH_ACTION_RESTART] = "restart",
        [HEALTH_ACTION_STOP] = "stop",
        [HEALTH_ACTION_KILL] = "kill",
};

static int parse_writable_layer(const char *s, void *field)
{
        int v = parse_choice(s, writable_layers, _WRITABLE_LAYER_MAX);

        if (v < 0)
                return v;
        *(WritableLayer *)field = v;
        return 0;
}

static int format_writable_layer(const void *field, char **ret)
{
        return duplicate(writable_layers[*(const WritableLayer *)field], ret);
}

static int parse_writable_medium(const char *s, void *field)
{
        int v = parse_choice(s, writable_media, _WRITABLE_MEDIUM_MAX);

        if (v < 0)
                return v;
        *(WritableMedium *)field = (WritableMedium)v;
        return 0;
}

static int format_writable_medium(const void *field, char **ret)
{
        return duplicate(writable_media[*(const WritableMedium *)field], ret);
}

static int parse_restart(const char *s, void *field)
{
        int v = parse_choice(s, restarts, _RESTART_POLICY_MAX);

        if (v < 0)
                return v;
        *(RestartPolicy *)field = (RestartPolicy)v;
        return 0;
}

static int format_restart(const void *field, char **ret)
{
        return duplicate(restarts[*(const RestartPolicy *)field], ret);
}

static int parse_health_action(const char *s, void *field)
{
        int v = parse_choice(s, health_actions, _HEALTH_ACTION_MAX);

        if (v < 0)
                return v;
        *(HealthAction *)field = (HealthAction)v;
        return 0;
}

static int format_health_action(const void *field, char **ret)
{
        return duplicate(health_actions[*(const HealthAction *)field], ret);
}

static int parse_ready_when(const char *s, void *field)
{
        return ready_when_parse(s, field);
}

static int format_ready_when(const void *field, char **ret)
{
        return ready_when_format(field, ret);
}

/* ---- network ---- */

static int parse_bandwidth(const char *s, void *field)
{
        return bandwidth_parse(s, field);
}

static int format_bandwidth(const void *field, char **ret)
{
        return bandwidth_format(field, ret);
}

static int parse_mtu(const char *s, void *field)
{
        uint64_t v;

        if (parse_u64(s, NETWORK_MTU_MAX, &v) < 0 || v < NETWORK_MTU_MIN)
                return -EINVAL;
        *(uint32_t *)field = (uint32_t)v;
        return 0;
}

/* 0: not given */
static int format_count(const void *field, char **ret)
{
        uint32_t v = *(const uint32_t *)field;

        *ret = NULL;
        return v ? setting_format_number(v, ret) : 0;
}

/* ---- capabilities ---- */

static int parse_capabilities(const char *s, void *field)
{
        _cleanup_strv_free_ char **names = NULL;
        uint64_t set = *(uint64_t *)field;
        int r = words_split(s, SETTING_WORDS_MAX, &names);

        if (r < 0)
                return r == -ENOMEM ? r : -EINVAL;
        STRV_FOREACH (name, names) {
                int cap = capability_from_name(*name);

                if (cap < 0)
                        return -EINVAL;
                set |= UINT64_C(1) << cap;
        }
        *(uint64_t *)field = set;
        return 0;
}

static int parse_capabilities_or_all(const char *s, void *field)
{
        if (!streq(s, "all"))
                return parse_capabilities(s, field);
        *(uint64_t *)field = CAPABILITIES_ALL;
        return 0;
}

static int format_capabilities(const void *field, char **ret)
{
        uint64_t set = *(const uint64_t *)field;
        _cleanup_strv_free_ char **names = NULL;

        *ret = NULL;
        if (set == 0)
                return 0;
        for (unsigned cap = 0; capability_name(cap); cap++)
                if (set & UINT64_C(1) << cap && strv_push(&names, capability_name(cap)) < 0)
                        return -ENOMEM;
        *ret = words_join(names);
        return *ret ? 0 : -ENOMEM;
}

static int format_capabilities_or_all(const void *field, char **ret)
{
        return *(const uint64_t *)field == CAPABILITIES_ALL ? duplicate("all", ret)
                                                            : format_capabilities(field, ret);
}

const SettingType setting_id = {
        .allowed = "give 32 hexadecimal digits that are not all 0",
        .size = 16,
        .parse = parse_id,
        .format = format_id,
};
const SettingType setting_uid = {
        .allowed = "give a user id",
        .size = sizeof(uint32_t),
        .parse = parse_uid,
        .format = format_uid,
};
const SettingType setting_timestamp = {
        .allowed = "give µs since 1970",
        .size = sizeof(uint64_t),
        .parse = parse_timestamp,
        .format = format_timestamp,
};
const SettingType setting_usec = {
        .allowed = "give a time such as 90s, 1min 30s, 500ms or infinity",
        .size = sizeof(uint64_t),
        .parse = parse_span,
        .format = format_span,
};
const SettingType setting_bool = {
        .allowed = "give yes or no",
        .size = sizeof(bool),
        .parse = parse_switch,
        .format = format_switch,
};
const SettingType setting_optional_bool = {
        .allowed = "give yes or no",
        .size = sizeof(int),
        .parse = parse_optional_switch,
        .format = format_optional_switch,
};
const SettingType setting_signal = {
        .allowed = "give a signal such as SIGTERM, SIGRTMIN+3 or 15",
        .size = sizeof(int),
        .parse = parse_stop_signal,
        .format = format_stop_signal,
};
const SettingType setting_writable_layer = {
        .allowed = "give stop, reboot or keep",
        .size = sizeof(WritableLayer),
        .parse = parse_writable_layer,
        .format = format_writable_layer,
};
const SettingType setting_writable_medium = {
        .allowed = "give disk or memory",
        .size = sizeof(WritableMedium),
        .parse = parse_writable_medium,
        .format = format_writable_medium,
};
const SettingType setting_restart = {
        .allowed = "give no, always, on-success, on-failure, on-abnormal or on-abort",
        .size = sizeof(RestartPolicy),
        .parse = parse_restart,
        .format = format_restart,
};
const SettingType setting_health_action = {
        .allowed = "give none, restart, stop or kill",
        .size = sizeof(HealthAction),
        .parse = parse_health_action,
        .format = format_health_action,
};
const SettingType setting_ready_when = {
        .allowed = "give started, notify, healthy, port:NUMBER, or port:NUMBER/udp",
        .size = sizeof(ReadyWhen),
        .parse = parse_ready_when,
        .format = format_ready_when,
};
const SettingType setting_count = {
        .allowed = "give a whole number from 1",
        .size = sizeof(uint32_t),
        .parse = parse_count,
        .format = format_count,
};
const SettingType setting_bytes = {
        .allowed = "give at least 4096 bytes, such as 512M or 10G",
        .size = sizeof(uint64_t),
        .parse = parse_size,
        .format = format_size,
};
const SettingType setting_bandwidth = {
        .allowed = "give in=RATE, out=RATE or both with a comma between, each at least 8K bits a "
                   "second and at most 1000G",
        .size = sizeof(Bandwidth),
        .parse = parse_bandwidth,
        .format = format_bandwidth,
};
const SettingType setting_mtu = {
        .allowed = "give a number from 1280 to 65535",
        .size = sizeof(uint32_t),
        .parse = parse_mtu,
        .format = format_count,
};
const SettingType setting_capabilities = {
        .allowed = "give names of capabilities such as CAP_NET_ADMIN",
        .size = sizeof(uint64_t),
        .adds = true,
        .parse = parse_capabilities,
        .format = format_capabilities,
};
const SettingType setting_capabilities_or_all = {
        .allowed = "give names of capabilities such as CAP_NET_RAW, or all",
        .size = sizeof(uint64_t),
        .adds = true,
        .parse = parse_capabilities_or_all,
        .format = format_capabilities_or_all,
};
