/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/systemd.h"

#include "base/text.h"
#include "core/manager.h"

#include <glib.h>

#define SERVICE "org.freedesktop.systemd1"
#define PATH    "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"
#define UNIT    "org.freedesktop.systemd1.Unit"

/* A job of ours, from the call until JobRemoved. */
typedef struct Job {
        Systemd *systemd;
        char *unit;
        UnitJob kind;
        sd_bus_slot *call;
        char *path;                      /* once systemd has answered */
        char *early_path, *early_result; /* JobRemoved came before the answer */
} Job;

/* A unit whose end is awaited. */
typedef struct Watch {
        Systemd *systemd;
        char *unit;
        sd_bus_slot *match, *get;
} Watch;

struct Systemd {
        sd_bus *bus;
        Manager *manager;
        sd_bus_slot *job_removed;
        GPtrArray *jobs;     /* Job */
        GHashTable *watches; /* unit -> Watch */
        GHashTable *kept;    /* names of units that systemd keeps loaded for us */
};

static int on_ignored(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return 0;
}

/* ---- jobs ---- */

static void job_free(void *p)
{
        Job *j = p;

        sd_bus_slot_unref(j->call);
        g_free(j->unit);
        g_free(j->path);
        g_free(j->early_path);
        g_free(j->early_result);
        g_free(j);
}

static void job_finish(Job *j, const char *result, const char *error)
{
        Systemd *s = j->systemd;
        UnitJob kind = j->kind;
        _cleanup_free_ char *unit = g_strdup(j->unit), *copy = g_strdup(result);

        g_ptr_array_remove(s->jobs, j);
        manager_job_done(s->manager, unit, kind, copy, error);
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Systemd *s = userdata;
        const char *path, *unit, *result;
        uint32_t id;

        if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
                return 0;
        for (guint i = 0; i < s->jobs->len; i++) {
                Job *j = g_ptr_array_index(s->jobs, i);

                if (!streq(j->unit, unit))
                        continue;
                if (j->path && streq(j->path, path)) {
                        job_finish(j, result, NULL);
                        return 0;
                }
                if (!j->path) { /* perhaps ours: the answer will tell */
                        g_free(j->early_path);
                        g_free(j->early_result);
                        j->early_path = g_strdup(path);
                        j->early_result = g_strdup(result);
                }
        }
        return 0;
}

static int on_job_queued(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Job *j = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        const char *path = NULL;

        j->call = sd_bus_slot_unref(j->call);
        if (e && j->kind == UNIT_JOB_STOP && sd_bus_error_has_name(e, SERVICE ".NoSuchUnit")) {
                job_finish(j, "done", NULL); /* not loaded: there is nothing to stop */
                return 0;
        }
        if (e || sd_bus_message_read(m, "o", &path) < 0) {
                _cleanup_free_ char *text = g_strdup(e && e->message ? e->message : "no answer");

                job_finish(j, "error", text);
                return 0;
        }
        if (streq(j->early_path, path)) {
                _cleanup_free_ char *result = g_strdup(j->early_result);

                job_finish(j, result, NULL);
                return 0;
        }
        j->path = g_strdup(path);
        return 0;
}

static int queue_job(Systemd *s, const char *unit, UnitJob kind)
{
        Job *j = g_new0(Job, 1);

        *j = (Job){.systemd = s, .unit = g_strdup(unit), .kind = kind};
        /* a start must not cancel a stop that somebody asked for; a stop goes over everything */
        int r = sd_bus_call_method_async(s->bus, &j->call, SERVICE, PATH, MANAGER,
                                         kind == UNIT_JOB_START ? "StartUnit" : "StopUnit",
                                         on_job_queued, j, "ss", unit,
                                         kind == UNIT_JOB_START ? "fail" : "replace");
        if (r < 0) {
                job_free(j);
                return r;
        }
        g_ptr_array_add(s->jobs, j);
        return 0;
}

static void call_unit_method(Systemd *s, const char *method, const char *unit)
{
        (void)sd_bus_call_method_async(s->bus, NULL, SERVICE, PATH, MANAGER, method, on_ignored,
                                       NULL, "s", unit);
}

/* Once started, the unit stays loaded: systemd unloads what is inactive, which costs it two
 * milliseconds at each next start, and with a thousand machines in a slice ten at each stop. The
 * reference ends with our connection. */
static void keep_loaded(Systemd *s, const char *unit)
{
        if (g_hash_table_add(s->kept, g_strdup(unit)))
                call_unit_method(s, "RefUnit", unit);
}

static int port_start(void *userdata, const char *unit)
{
        int r = queue_job(userdata, unit, UNIT_JOB_START);

        if (r >= 0)
                keep_loaded(userdata, unit);
        return r;
}

static int port_stop(void *userdata, const char *unit)
{
        return queue_job(userdata, unit, UNIT_JOB_STOP);
}

/* ---- the end of a unit ---- */

static void watch_free(void *p)
{
        Watch *w = p;

        sd_bus_slot_unref(w->match);
        sd_bus_slot_unref(w->get);
        g_free(w->unit);
        g_free(w);
}

static void watch_finish(Watch *w, bool failed)
{
        Systemd *s = w->systemd;
        _cleanup_free_ char *unit = g_strdup(w->unit);

        g_hash_table_remove(s->watches, unit);
        manager_unit_ended(s->manager, unit, failed);
}

static bool has_ended(const char *active_state)
{
        return streq(active_state, "inactive") || streq(active_state, "failed");
}

static int on_active_state(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Watch *w = userdata;
        const char *state = NULL;

        w->get = sd_bus_slot_unref(w->get);
        /* a unit that systemd does not know has ended, too */
        if (sd_bus_message_get_error(m) || sd_bus_message_read(m, "v", "s", &state) < 0 ||
            has_ended(state))
                watch_finish(w, streq(state, "failed"));
        return 0;
}

static int ask_active_state(Watch *w)
{
        _cleanup_free_ char *path = NULL;
        int r = sd_bus_path_encode(PATH "/unit", w->unit, &path);

        if (r < 0)
                return r;
        w->get = sd_bus_slot_unref(w->get);
        return sd_bus_call_method_async(w->systemd->bus, &w->get, SERVICE, path,
                                        "org.freedesktop.DBus.Properties", "Get", on_active_state,
                                        w, "ss", UNIT, "ActiveState");
}

static int on_unit_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        (void)ask_active_state(userdata); /* without memory: the next change asks again */
        return 0;
}

static int port_watch(void *userdata, const char *unit)
{
        Systemd *s = userdata;
        _cleanup_free_ char *path = NULL;
        Watch *w;

        if (g_hash_table_contains(s->watches, unit))
                return 0;
        int r = sd_bus_path_encode(PATH "/unit", unit, &path);
        if (r < 0)
                return r;
        w = g_new0(Watch, 1);
        *w = (Watch){.systemd = s, .unit = g_strdup(unit)};
        /* one match while it is needed, none for a machine that runs: a connection has few of them.
         * The bus takes the match before the question, so no change is missed. */
        r = sd_bus_match_signal_async(s->bus, &w->match, SERVICE, path,
                                      "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                      on_unit_changed, NULL, w);
        if (r >= 0)
                r = ask_active_state(w);
        if (r < 0) {
                watch_free(w);
                return r;
        }
        g_hash_table_insert(s->watches, w->unit, w);
        return 0;
}

static void port_unwatch(void *userdata, const char *unit)
{
        Systemd *s = userdata;

        g_hash_table_remove(s->watches, unit);
}

static void port_forget(void *userdata, const char *unit)
{
        Systemd *s = userdata;

        /* a unit that has not failed is an error nobody needs to hear of */
        call_unit_method(s, "ResetFailedUnit", unit);
        if (g_hash_table_remove(s->kept, unit))
                call_unit_method(s, "UnrefUnit", unit);
}

/* ---- */

UnitPort systemd_unit_port(Systemd *s)
{
        return (UnitPort){
                .userdata = s,
                .start = port_start,
                .stop = port_stop,
                .watch = port_watch,
                .unwatch = port_unwatch,
                .forget = port_forget,
        };
}

void systemd_set_manager(Systemd *s, Manager *manager)
{
        s->manager = manager;
}

int systemd_new(sd_bus *bus, Systemd **ret)
{
        Systemd *s = g_new0(Systemd, 1);

        s->bus = sd_bus_ref(bus);
        s->jobs = g_ptr_array_new_with_free_func(job_free);
        s->watches = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, watch_free);
        s->kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        int r = sd_bus_match_signal_async(bus, &s->job_removed, SERVICE, PATH, MANAGER,
                                          "JobRemoved", on_job_removed, NULL, s);
        if (r >= 0)
                r = sd_bus_call_method_async(bus, NULL, SERVICE, PATH, MANAGER, "Subscribe",
                                             on_ignored, NULL, NULL);
        if (r < 0) {
                systemd_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

void systemd_free(Systemd *s)
{
        if (!s)
                return;
        g_ptr_array_unref(s->jobs);
        g_hash_table_unref(s->watches);
        g_hash_table_unref(s->kept);
        sd_bus_slot_unref(s->job_removed);
        sd_bus_unref(s->bus);
        g_free(s);
}
