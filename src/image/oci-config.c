/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/oci-config.h"

#include "image/oci-json.h"

#include "base/text.h"

#include <string.h>
#include <time.h>

#define USEC_PER_SEC 1000000ULL

void oci_config_done(OciConfig *c)
{
        oci_platform_done(&c->platform);
        strv_free(c->diff_ids);
        strv_free(c->entrypoint);
        strv_free(c->command);
        strv_free(c->environment);
        strv_free(c->volumes);
        strv_free(c->exposed_ports);
        strv_free(c->labels);
        strv_free(c->healthcheck);
        free(c->user);
        free(c->working_directory);
        free(c->stop_signal);
        *c = (OciConfig){0};
}

/* ---- dates ---- */

/* "Z", "+hh:mm" or "-hh:mm", the whole rest. */
static int parse_offset(const char *s, int *ret_seconds)
{
        int hours, minutes, n = 0;

        if (streq(s, "Z") || streq(s, "z")) {
                *ret_seconds = 0;
                return 0;
        }
        if ((*s != '+' && *s != '-') || sscanf(s + 1, "%2d:%2d%n", &hours, &minutes, &n) != 2 ||
            n != 5 || s[6] || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
                return -EINVAL;
        *ret_seconds = (hours * 60 + minutes) * (*s == '-' ? -60 : 60);
        return 0;
}

static uint64_t parse_fraction(const char **s)
{
        uint64_t usec = 0, unit = USEC_PER_SEC;

        if (**s != '.')
                return 0;
        for ((*s)++; **s >= '0' && **s <= '9'; (*s)++) {
                unit /= 10;
                usec += (uint64_t)(**s - '0') * unit;
        }
        return usec;
}

int oci_time_parse(const char *text, uint64_t *ret)
{
        struct tm tm = {0};
        int n = 0, offset;

        if (strlen(text) > 40 ||
            sscanf(text, "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &n) != 6)
                return -EINVAL;
        if (tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
            tm.tm_mday > 31 || tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 ||
            tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60)
                return -EINVAL;
        tm.tm_year -= 1900;
        tm.tm_mon--;
        const char *rest = text + n;
        uint64_t usec = parse_fraction(&rest);
        if (parse_offset(rest, &offset) < 0)
                return -EINVAL;
        int64_t seconds = (int64_t)timegm(&tm) - offset;
        if (seconds < 0)
                return -EINVAL;
        *ret = (uint64_t)seconds * USEC_PER_SEC + usec;
        return 0;
}

void oci_time_format(uint64_t usec, char buf[static 32])
{
        time_t seconds = (time_t)(usec / USEC_PER_SEC);
        struct tm tm;

        if (!gmtime_r(&seconds, &tm) || strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
                (void)snprintf(buf, 32, "1970-01-01T00:00:00Z");
}

/* ---- the configuration ---- */

/* Docker counts in ns. */
static int read_span(const OciReader *r, const json_t *object, const char *key, uint64_t *ret)
{
        int k = oci_json_number(r, object, key, 0, ret);

        *ret /= 1000;
        return k;
}

static int read_healthcheck(const OciReader *r, const json_t *config, OciConfig *c)
{
        json_t *check;

        int k = oci_json_object(r, config, "Healthcheck", &check);
        if (k < 0 || !check)
                return k;
        k = oci_json_strings(r, check, "Test", &c->healthcheck);
        if (k >= 0)
                k = read_span(r, check, "Interval", &c->health_interval_usec);
        if (k >= 0)
                k = read_span(r, check, "Timeout", &c->health_timeout_usec);
        if (k >= 0)
                k = read_span(r, check, "StartPeriod", &c->health_start_usec);
        if (k >= 0)
                k = oci_json_number(r, check, "Retries", 0, &c->health_retries);
        return k < 0 || c->health_retries <= 1000
                       ? k
                       : oci_json_fault(r, "wants more than 1000 'Retries'");
}

static int read_execution(const OciReader *r, const json_t *config, OciConfig *c)
{
        const struct {
                const char *key;
                char ***ret;
                int (*read)(const OciReader *r, const json_t *object, const char *key, char ***ret);
        } lists[] = {
                {"Entrypoint", &c->entrypoint, oci_json_strings},
                {"Cmd", &c->command, oci_json_strings},
                {"Env", &c->environment, oci_json_strings},
                {"Volumes", &c->volumes, oci_json_keys},
                {"ExposedPorts", &c->exposed_ports, oci_json_keys},
                {"Labels", &c->labels, oci_json_pairs},
        };
        int k = 0;

        for (size_t i = 0; i < ELEMENTSOF(lists) && k >= 0; i++)
                k = lists[i].read(r, config, lists[i].key, lists[i].ret);
        if (k >= 0)
                k = oci_json_string(r, config, "User", &c->user);
        if (k >= 0)
                k = oci_json_string(r, config, "WorkingDir", &c->working_directory);
        if (k >= 0)
                k = oci_json_string(r, config, "StopSignal", &c->stop_signal);
        return k < 0 ? k : read_healthcheck(r, config, c);
}

static int read_layers(const OciReader *r, const json_t *root, OciConfig *c)
{
        _cleanup_free_ char *type = NULL;
        json_t *rootfs;

        int k = oci_json_object(r, root, "rootfs", &rootfs);
        if (k >= 0)
                k = oci_json_string(r, rootfs, "type", &type);
        if (k >= 0)
                k = oci_json_strings(r, rootfs, "diff_ids", &c->diff_ids);
        if (k < 0)
                return k;
        if (type && !streq(type, "layers"))
                return oci_json_fault(r, "describes a root that is not made of layers");
        if (!c->diff_ids || !*c->diff_ids)
                return oci_json_fault(r, "names no layers");
        STRV_FOREACH (id, c->diff_ids)
                if (!oci_digest_is_valid(*id))
                        return oci_json_fault(r, "has a diff_id that is no digest of sha256");
        return 0;
}

static int read_root(const OciReader *r, const json_t *root, OciConfig *c)
{
        _cleanup_free_ char *created = NULL;
        json_t *config;

        if (!json_is_object(root))
                return oci_json_fault(r, "is no object");
        int k = oci_json_string(r, root, "os", &c->platform.os);
        if (k >= 0)
                k = oci_json_string(r, root, "architecture", &c->platform.architecture);
        if (k >= 0)
                k = oci_json_string(r, root, "variant", &c->platform.variant);
        if (k >= 0)
                k = oci_json_string(r, root, "created", &created);
        if (k >= 0)
                k = oci_json_object(r, root, "config", &config);
        if (k >= 0)
                k = read_execution(r, config, c);
        if (k >= 0)
                k = read_layers(r, root, c);
        if (k >= 0 && c->platform.os && !streq(c->platform.os, "linux"))
                k = fault_set(r->reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                              "%s is for another system than Linux", r->what);
        if (k >= 0 && created && oci_time_parse(created, &c->created_usec) < 0)
                c->created_usec = 0; /* only shown */
        return k;
}

int oci_config_parse(const char *text, size_t n, OciConfig *ret, Fault *reterr)
{
        const OciReader r = {.what = "the image's configuration", .reterr = reterr};
        _cleanup_oci_config_ OciConfig c = {0};
        _cleanup_json_ json_t *root = NULL;

        int k = oci_json_load(&r, text, n, &root);
        if (k >= 0)
                k = read_root(&r, root, &c);
        if (k < 0)
                return k;
        *ret = c;
        c = (OciConfig){0};
        return 0;
}

int oci_check_layers(const OciManifest *m, const OciConfig *c, Fault *reterr)
{
        size_t n = strv_length(c->diff_ids);

        return n == m->n_layers ? 0
                                : fault_set(reterr, FAULT_IMPORT_FAILED, EBADMSG,
                                            "the image's manifest has %zu layers, its "
                                            "configuration %zu",
                                            m->n_layers, n);
}
