/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/settings-image.h"

#include "base/text.h"
#include "spec/mount-entry.h"
#include "spec/network-entry.h"
#include "spec/setting-type.h"

#include <string.h>

static int refuse(const ImageRecord *r, const char *key, const char *value, const char *why,
                  Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(value, 120);

        return fault_set(reterr, FAULT_START_FAILED, EINVAL, "image '%s' has %s '%s': %s", r->name,
                         key, shown ?: "", why);
}

static int push_all(char ***list, char *const *more)
{
        int r = 0;

        STRV_FOREACH (s, more) {
                r = strv_push(list, *s);
                if (r < 0)
                        break;
        }
        return r;
}

/* ---- the program ---- */

/* One empty word stands for "none, whatever the image says". */
static char **entrypoint_of(const Settings *s)
{
        return s->entrypoint && *s->entrypoint && !**s->entrypoint ? NULL : s->entrypoint;
}

bool settings_have_program(const Settings *s)
{
        return strv_length(entrypoint_of(s)) > 0 || strv_length(s->command) > 0;
}

int settings_program(const Settings *s, char ***ret)
{
        _cleanup_strv_free_ char **program = calloc(1, sizeof(char *));
        int r = program ? push_all(&program, entrypoint_of(s)) : -ENOMEM;

        r = r < 0 ? r : push_all(&program, s->command);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(program);
        return 0;
}

/* What images of whole systems have as their command. */
static bool is_init(const char *word)
{
        static const char *const inits[] = {
                "/sbin/init",
                "/usr/sbin/init",
                "/lib/systemd/systemd",
                "/usr/lib/systemd/systemd",
        };

        for (size_t i = 0; i < ELEMENTSOF(inits); i++)
                if (streq(word, inits[i]))
                        return true;
        return false;
}

static bool boots_init(const Settings *s, const ImageRecord *r)
{
        char **entrypoint = r->entrypoint, **command = r->command;

        if (s->boot >= 0 || s->entrypoint || s->command || s->user ||
            strv_length(entrypoint) + strv_length(command) != 1)
                return false;
        return is_init(entrypoint && *entrypoint ? *entrypoint : *command);
}

bool settings_may_boot(const Settings *s, const ImageRecord *r)
{
        if (s->boot >= 0)
                return s->boot;
        return !settings_have_program(s) && ((!r->entrypoint && !r->command) || boots_init(s, r));
}

static int take_list(char ***field, char *const *list)
{
        if (*field || strv_length(list) == 0)
                return 0;
        *field = strv_copy(list);
        return *field ? 0 : -ENOMEM;
}

/* "a//b/./c/" as "/a/b/c"; NULL with -EINVAL if it leads up. */
static int clean_path(const char *path, char **ret)
{
        _cleanup_free_ char *clean = malloc(strlen(path) + 2);
        char *out = clean;

        if (!clean)
                return -ENOMEM;
        for (const char *p = path; *(p += strspn(p, "/"));) {
                size_t n = strcspn(p, "/");

                if (n == 2 && p[0] == '.' && p[1] == '.')
                        return -EINVAL;
                if (n != 1 || p[0] != '.') {
                        *out++ = '/';
                        out = mempcpy(out, p, n);
                }
                p += n;
        }
        if (out == clean)
                *out++ = '/';
        *out = '\0';
        if (!path_is_clean(clean))
                return -EINVAL;
        *ret = TAKE_PTR(clean);
        return 0;
}

static int apply_user(Settings *s, const ImageRecord *r, Fault *reterr)
{
        const char *why = NULL;

        if (s->user || !r->user || !*r->user)
                return 0;
        if (!setting_user.check(r->user, &why))
                return refuse(r, "User", r->user, why ?: setting_user.allowed, reterr);
        s->user = strdup(r->user);
        return s->user ? 0 : -ENOMEM;
}

static int apply_directory(Settings *s, const ImageRecord *r, Fault *reterr)
{
        if (s->working_directory || s->workspace || !r->working_directory || !*r->working_directory)
                return 0;
        int q = clean_path(r->working_directory, &s->working_directory);
        return q == -EINVAL ? refuse(r, "WorkingDir", r->working_directory, "it leads up by '..'",
                                     reterr)
                            : q;
}

static int apply_program(Settings *s, const ImageRecord *r, bool has_init, Fault *reterr)
{
        int q;

        if (s->boot == 1)
                return 0;
        if (has_init && boots_init(s, r)) {
                s->boot = 1;
                return 0;
        }
        q = s->entrypoint ? 0 : take_list(&s->command, r->command);
        q = q < 0 ? q : take_list(&s->entrypoint, r->entrypoint);
        q = q < 0 ? q : apply_user(s, r, reterr);
        return q < 0 ? q : apply_directory(s, r, reterr);
}

/* ---- KEY=VALUE ---- */

static bool has_key(char *const *list, const char *assignment)
{
        size_t n = strcspn(assignment, "=") + 1;

        STRV_FOREACH (other, list)
                if (strncmp(*other, assignment, n) == 0)
                        return true;
        return false;
}

/* Those of @defaults first: of two with one key the second counts. Entries without a key are
 * nobody's. */
static int merge(char ***list, char *const *defaults)
{
        _cleanup_strv_free_ char **merged = NULL;
        int r = 0;

        STRV_FOREACH (assignment, defaults) {
                if (**assignment == '=' || !strchr(*assignment, '=') || has_key(*list, *assignment))
                        continue;
                r = strv_push(&merged, *assignment);
                if (r < 0)
                        return r;
        }
        r = push_all(&merged, *list);
        if (r < 0)
                return r;
        strv_free(*list);
        *list = TAKE_PTR(merged);
        return 0;
}

/* ---- volumes ---- */

static bool is_target_in(MountKind kind, char *const *entries, const char *target)
{
        STRV_FOREACH (text, entries) {
                _cleanup_mount_entry_ MountEntry e = {0};
                const char *why;

                if (mount_entry_parse(kind, *text, &e, &why) >= 0 && streq(e.target, target))
                        return true;
        }
        return false;
}

static int apply_volume(Settings *s, const ImageRecord *r, const char *volume, Fault *reterr)
{
        _cleanup_free_ char *target = NULL;
        int q = clean_path(volume, &target);

        if (q == -EINVAL || (q >= 0 && strchr(target, ':')))
                return refuse(r, "a volume at", volume,
                              "that is no path, leads up by '..' or has a ':'", reterr);
        if (q < 0)
                return q;
        if (mount_target_refusal(MOUNT_VOLUME, target) || /* what lodge mounts there is as good */
            is_target_in(MOUNT_BIND, s->binds, target) ||
            is_target_in(MOUNT_VOLUME, s->volumes, target) ||
            is_target_in(MOUNT_TMPFS, s->tmpfs, target))
                return 0;
        return strv_push(&s->volumes, target);
}

/* ---- ports ---- */

/* "80", "80/tcp" or "8000-8009/udp" as an element of Publish=. */
static int parse_exposed(const char *port, PortEntry *ret, const char **ret_why)
{
        size_t n = strspn(port, "0123456789-");
        char text[64];

        *ret_why = "it is neither PORT, PORT/tcp nor PORT/udp";
        if (n == 0 || (port[n] && port[n] != '/') || strlen(port) >= sizeof(text) / 2)
                return -EINVAL;
        (void)snprintf(text, sizeof(text), "%.*s:%s", (int)n, port, port);
        return port_entry_parse(text, ret, ret_why);
}

static bool leads_into(const PortEntry *e, const PortEntry *exposed)
{
        return e->udp == exposed->udp && e->guest_port <= exposed->guest_port &&
               exposed->guest_port + exposed->count <= e->guest_port + e->count;
}

/* Return: 1 if one of @entries has it already, 0, -EINVAL if one is in its way. */
static int is_published(char *const *entries, const PortEntry *exposed, const char **ret_other)
{
        int r = 0;

        STRV_FOREACH (text, entries) {
                const char *why;
                PortEntry e;

                if (port_entry_parse(*text, &e, &why) < 0)
                        continue;
                if (leads_into(&e, exposed))
                        return 1;
                if (port_entry_overlaps(&e, exposed)) {
                        *ret_other = *text;
                        r = -EINVAL;
                }
        }
        return r;
}

static int add_exposed(const Settings *s, const ImageRecord *r, const char *port, char ***list,
                       Fault *reterr)
{
        const char *why = NULL, *other = NULL;
        _cleanup_free_ char *text = NULL;
        PortEntry e;
        int q = parse_exposed(port, &e, &why);

        if (q < 0)
                return refuse(r, "ExposedPorts", port, why, reterr);
        q = is_published(s->publish, &e, &other);
        q = q == 0 ? is_published(*list, &e, &other) : q;
        if (q < 0)
                return fault_set(reterr, FAULT_START_FAILED, EINVAL,
                                 "image '%s' exposes port %s, and Publish=%s takes that port of "
                                 "the host; publish it at another one",
                                 r->name, port, other);
        if (q == 0 && strv_length(s->publish) + strv_length(*list) >= PORT_ENTRIES_MAX)
                return refuse(r, "ExposedPorts", port, "these are too many to be published",
                              reterr);
        q = q == 0 ? port_entry_format(&e, &text) : q;
        return q == 0 ? strv_push(list, text) : MIN2(q, 0);
}

int settings_exposed_ports(const Settings *s, const ImageRecord *r, char ***ret, Fault *reterr)
{
        _cleanup_strv_free_ char **list = NULL;
        int q = 0;

        if (s->publish_exposed)
                STRV_FOREACH (port, r->exposed_ports)
                        q = q < 0 ? q : add_exposed(s, r, *port, &list, reterr);
        if (q < 0)
                return q;
        *ret = TAKE_PTR(list);
        return 0;
}

static int apply_ports(Settings *s, const ImageRecord *r, Fault *reterr)
{
        _cleanup_strv_free_ char **list = NULL;
        int q = settings_exposed_ports(s, r, &list, reterr);

        return q < 0 ? q : push_all(&s->publish, list);
}

/* ---- health ---- */

/* "Test" of Docker: how to read the words, then the words. */
static int take_healthcheck(Settings *s, const ImageRecord *r, Fault *reterr)
{
        static char shell[] = "/bin/sh", option[] = "-c";
        char **test = r->healthcheck;

        if (streq(test[0], "NONE"))
                return 0;
        if (streq(test[0], "CMD"))
                return take_list(&s->healthcheck, test + 1);
        if (!streq(test[0], "CMD-SHELL"))
                return refuse(r, "Healthcheck", test[0],
                              "it begins with none of NONE, CMD and CMD-SHELL; give "
                              "Healthcheck= to run another",
                              reterr);
        char *words[] = {shell, option, test[1], NULL};
        return test[1] ? take_list(&s->healthcheck, words) : 0;
}

static int apply_health(Settings *s, const ImageRecord *r, Fault *reterr)
{
        if (s->healthcheck || strv_length(r->healthcheck) == 0)
                return 0;
        int q = take_healthcheck(s, r, reterr);
        if (q < 0 || !s->healthcheck)
                return q;
        s->health_interval_usec = s->health_interval_usec ?: r->health_interval_usec;
        s->health_timeout_usec = s->health_timeout_usec ?: r->health_timeout_usec;
        s->health_start_usec = s->health_start_usec ?: r->health_start_usec;
        s->health_retries = s->health_retries ?: r->health_retries;
        return 0;
}

static int apply(Settings *s, const ImageRecord *r, bool has_init, Fault *reterr)
{
        int q = apply_program(s, r, has_init, reterr);

        q = q < 0 ? q : merge(&s->environment, r->environment);
        q = q < 0 ? q : merge(&s->labels, r->labels);
        STRV_FOREACH (volume, r->volumes)
                q = q < 0 ? q : apply_volume(s, r, *volume, reterr);
        q = q < 0 ? q : apply_ports(s, r, reterr);
        if (s->stop_signal == 0)
                s->stop_signal = r->stop_signal;
        return q < 0 ? q : apply_health(s, r, reterr);
}

int settings_apply_image(Settings *s, const ImageRecord *r, bool has_init, Fault *reterr)
{
        _cleanup_settings_ Settings effective;
        int q = settings_copy(s, &effective);

        if (q < 0) {
                effective = (Settings){0};
                return q;
        }
        q = apply(&effective, r, has_init, reterr);
        if (q < 0)
                return q;
        settings_done(s);
        *s = effective;
        effective = (Settings){0};
        return 0;
}
