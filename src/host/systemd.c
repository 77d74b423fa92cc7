/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/systemd.h"

#include "base/text.h"
#include "core/manager.h"
#include "core/rename.h"
#include "host/systemd-call.h"
#include "host/unit-job.h"
#include "host/unit-keep.h"
#include "host/unit-limits.h"
#include "host/unit-links.h"

#include <glib.h>

#define ANSWER_USEC (25ULL * 1000000) /* how long systemd may take to answer */
#define RETRY_USEC  100000ULL
#define READ_USEC   (300ULL * 1000000) /* and to read its units: generators may take long */
#define REST_USEC   (3ULL * 1000000)   /* how long we stay connected for the next question */

#define PRIVATE_ADDRESS "unix:path=/run/systemd/private"
/* before the clients' calls, but after the supervisors: of a machine's end they know more */
#define PRIORITY (SD_EVENT_PRIORITY_NORMAL - 4)

/* A unit whose end is awaited. */
typedef struct Watch {
        Systemd *systemd;
        char *unit;
        sd_bus_slot *match, *get;
        sd_event_source *retry;
} Watch;

struct Systemd {
        sd_event *event;
        sd_bus *bus; /* if it is private: closed while PID 1 is replaced, and at rest */
        bool is_private, is_resting; /* we have closed it */
        bool is_reading;
        sd_event_source *reconnect, *rest;
        Manager *manager;
        UnitJobs *jobs;
        UnitLimits *limits;
        UnitKeep *keep;
        UnitLinks *links;
        GHashTable *watches; /* unit -> Watch */
};

static int on_ignored(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return 0;
}

/* ---- at rest ---- */

static void connect_again(Systemd *s);

/* Is nothing asked, and nothing awaited that PID 1 would tell? */
static bool needs_nothing(const Systemd *s)
{
        return !s->is_reading && g_hash_table_size(s->watches) == 0 &&
               unit_jobs_count(s->jobs) == 0 && unit_limits_count(s->limits) == 0 &&
               unit_links_count(s->links) == 0;
}

static int on_rest(sd_event_source *source, uint64_t usec, void *userdata)
{
        Systemd *s = userdata;

        s->rest = sd_event_source_disable_unref(s->rest);
        if (needs_nothing(s)) { /* else what ends last calls rest_later() */
                sd_bus_close(s->bus);
                s->is_resting = true;
        }
        return 0;
}

/* Over its private socket PID 1 tells of every change of every unit, without being asked: each
 * would wake us. So we are connected while there is something to ask, and a moment longer. */
static void rest_later(Systemd *s)
{
        if (s->is_private && !s->rest) /* without memory: we go on listening */
                (void)sd_event_add_time_relative(s->event, &s->rest, CLOCK_MONOTONIC, REST_USEC,
                                                 REST_USEC / 4, on_rest, s);
}

/* Before anything is asked. If it cannot be done now, that is asked again as of a PID 1 that is
 * being replaced. */
static void wake(Systemd *s)
{
        if (s->is_resting && !s->reconnect)
                connect_again(s);
        rest_later(s);
}

/* ---- jobs ---- */

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Systemd *s = userdata;

        unit_jobs_removed(s->jobs, m);
        return 0;
}

static void on_job_done(void *userdata, const char *unit, UnitJob kind, const char *result,
                        const char *error)
{
        Systemd *s = userdata;

        rest_later(s);
        manager_job_done(s->manager, unit, kind, result, error);
}

static void call_unit_method(sd_bus *bus, const char *method, const char *unit)
{
        (void)sd_bus_call_method_async(bus, NULL, SYSTEMD_SERVICE, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                       method, on_ignored, NULL, "s", unit);
}

static int port_start(void *userdata, const char *unit)
{
        Systemd *s = userdata;

        wake(s);
        int r = unit_jobs_queue(s->jobs, unit, UNIT_JOB_START);
        if (r >= 0)
                unit_keep(s->keep, unit);
        return r;
}

/* It is kept loaded since its first start. */
static int port_start_now(void *userdata, const char *unit)
{
        Systemd *s = userdata;

        wake(s);
        return unit_jobs_queue_restart(s->jobs, unit);
}

static int port_stop(void *userdata, const char *unit)
{
        Systemd *s = userdata;

        wake(s);
        return unit_jobs_queue(s->jobs, unit, UNIT_JOB_STOP);
}

/* ---- limits ---- */

static void on_limited(void *userdata, const char *unit, const char *error)
{
        Systemd *s = userdata;

        rest_later(s);
        manager_unit_limited(s->manager, unit, error);
}

static void on_lost(void *userdata, const char *unit, bool is_kept)
{
        Systemd *s = userdata;

        rest_later(s);
        if (is_kept)
                manager_unit_outdated(s->manager, unit);
}

static const UnitLimitsListener limits_listener = {on_limited, on_lost};

static int port_limit(void *userdata, const char *unit, const Resources *r)
{
        Systemd *s = userdata;

        wake(s);
        return unit_limits_set(s->limits, unit, r);
}

static bool is_machine(void *userdata, const char *name)
{
        return manager_find(userdata, name) != NULL;
}

void systemd_forget_lost(Systemd *s)
{
        wake(s);
        unit_limits_sweep(s->limits, is_machine, s->manager);
}

/* ---- what enables a unit ---- */

static void on_links_moved(void *userdata, const char *from, const char *error)
{
        Systemd *s = userdata;

        rest_later(s);
        manager_links_moved(s->manager, from, error);
}

static int port_move_links(void *userdata, const char *from, const char *to)
{
        Systemd *s = userdata;

        wake(s);
        return unit_links_move(s->links, from, to);
}

/* ---- the end of a unit ---- */

static int ask_state(Watch *w);

static void watch_free(void *p)
{
        Watch *w = p;

        sd_bus_slot_unref(w->match);
        sd_bus_slot_unref(w->get);
        sd_event_source_disable_unref(w->retry);
        g_free(w->unit);
        g_free(w);
}

static void watch_finish(Watch *w, UnitEnd end)
{
        Systemd *s = w->systemd;
        _cleanup_free_ char *unit = g_strdup(w->unit);

        g_hash_table_remove(s->watches, unit);
        rest_later(s);
        manager_unit_ended(s->manager, unit, end);
}

/* ActiveState would be "activating" for as long as RestartSec= is.
 * Return: false it has not ended. */
static bool end_of(const char *sub_state, UnitEnd *ret)
{
        static const struct {
                const char *state;
                UnitEnd end;
        } ends[] = {
                {"dead", UNIT_END_INACTIVE},
                {"dead-resources-pinned", UNIT_END_INACTIVE},
                {"failed", UNIT_END_FAILED},
                {"auto-restart", UNIT_END_RESTARTS},
                {"auto-restart-queued", UNIT_END_RESTARTS},
                {"dead-before-auto-restart", UNIT_END_RESTARTS},
                {"failed-before-auto-restart", UNIT_END_RESTARTS},
        };

        for (size_t i = 0; i < ELEMENTSOF(ends); i++)
                if (streq(ends[i].state, sub_state)) {
                        *ret = ends[i].end;
                        return true;
                }
        return false;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        Watch *w = userdata;

        w->retry = sd_event_source_disable_unref(w->retry);
        (void)ask_state(w);
        return 0;
}

static void ask_again_later(Watch *w)
{
        w->retry = sd_event_source_disable_unref(w->retry);
        (void)sd_event_add_time_relative(w->systemd->event, &w->retry, CLOCK_MONOTONIC, RETRY_USEC,
                                         0, on_retry, w);
}

static int on_state(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const char *state = NULL;
        UnitEnd end = UNIT_END_INACTIVE; /* as one that systemd does not know */
        Watch *w = userdata;

        w->get = sd_bus_slot_unref(w->get);
        if (systemd_is_away(sd_bus_message_get_error(m))) { /* which says nothing about the unit */
                ask_again_later(w);
                return 0;
        }
        if (sd_bus_message_get_error(m) || sd_bus_message_read(m, "v", "s", &state) < 0 ||
            end_of(state, &end))
                watch_finish(w, end);
        return 0;
}

static int ask_state(Watch *w)
{
        _cleanup_free_ char *path = NULL;
        int r = sd_bus_path_encode(SYSTEMD_PATH "/unit", w->unit, &path);

        w->get = sd_bus_slot_unref(w->get);
        if (r < 0)
                return r;
        r = systemd_get(w->systemd->bus, &w->get, path, SYSTEMD_UNIT, "SubState", ANSWER_USEC,
                        on_state, w);
        if (!systemd_is_lost(r))
                return r;
        ask_again_later(w);
        return 0;
}

static int on_unit_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        (void)ask_state(userdata); /* without memory: the next change asks again */
        return 0;
}

/* PID 1 does not say who it is where nobody else could be. */
static const char *sender(const Systemd *s)
{
        return s->is_private ? NULL : SYSTEMD_SERVICE;
}

static int watch_begin(Watch *w)
{
        Systemd *s = w->systemd;
        _cleanup_free_ char *path = NULL;
        int r = sd_bus_path_encode(SYSTEMD_PATH "/unit", w->unit, &path);

        /* one match while it is needed, none for a machine that runs: a connection has few of them.
         * The bus takes the match before the question, so no change is missed. */
        w->match = sd_bus_slot_unref(w->match);
        r = r < 0 ? r
                  : sd_bus_match_signal_async(s->bus, &w->match, sender(s), path,
                                              "org.freedesktop.DBus.Properties",
                                              "PropertiesChanged", on_unit_changed, NULL, w);
        return r < 0 && !systemd_is_lost(r) ? r : ask_state(w);
}

static int port_watch(void *userdata, const char *unit)
{
        Systemd *s = userdata;
        Watch *w;

        if (g_hash_table_contains(s->watches, unit))
                return 0;
        wake(s);
        w = g_new0(Watch, 1);
        *w = (Watch){.systemd = s, .unit = g_strdup(unit)};
        int r = watch_begin(w);
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
        rest_later(s);
}

/* ---- units of machines that are gone ---- */

static void on_released(void *userdata, const char *unit)
{
        Systemd *s = userdata;

        wake(s);
        unit_limits_check_lost(s->limits, unit);
}

static void port_forget(void *userdata, const char *unit)
{
        Systemd *s = userdata;

        wake(s);
        /* a unit that has not failed is an error nobody needs to hear of */
        call_unit_method(s->bus, "ResetFailedUnit", unit);
        unit_limits_forget(s->limits, unit);
        if (!unit_keep_release(s->keep, unit))
                unit_limits_check_lost(s->limits, unit);
}

/* ---- reading units again ---- */

static int on_read(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const sd_bus_error *e = sd_bus_message_get_error(m);
        Systemd *s = userdata;

        s->is_reading = false;
        rest_later(s);
        unit_limits_end_reading(s->limits, !e);
        manager_reload_done(s->manager, e ? e->message ?: e->name : NULL);
        return 0;
}

static int port_reload(void *userdata)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        Systemd *s = userdata;

        wake(s);
        int r = sd_bus_message_new_method_call(s->bus, &m, SYSTEMD_SERVICE, SYSTEMD_PATH,
                                               SYSTEMD_MANAGER, "Reload");
        r = r < 0 ? r : sd_bus_call_async(s->bus, NULL, m, on_read, s, READ_USEC);
        s->is_reading = r >= 0;
        if (r >= 0)
                unit_limits_begin_reading(s->limits);
        return r;
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
                .limit = port_limit,
                .forget = port_forget,
                .start_now = port_start_now,
                .move_links = port_move_links,
                .reload = port_reload,
        };
}

void systemd_set_manager(Systemd *s, Manager *manager)
{
        s->manager = manager;
}

/* ---- PID 1 may be replaced, or read its units again ---- */

static int subscribe(Systemd *s)
{
        return sd_bus_call_method_async(s->bus, NULL, SYSTEMD_SERVICE, SYSTEMD_PATH,
                                        SYSTEMD_MANAGER, "Subscribe", on_ignored, NULL, NULL);
}

/* What it has told nobody meanwhile we have to ask for. */
static void catch_up(Systemd *s)
{
        GHashTableIter i;
        gpointer w;

        unit_jobs_check(s->jobs);
        g_hash_table_iter_init(&i, s->watches);
        while (g_hash_table_iter_next(&i, NULL, &w))
                (void)ask_state(w);
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Systemd *s = userdata;
        const char *owner;

        if (sd_bus_message_read(m, "sss", NULL, NULL, &owner) < 0 || !*owner)
                return 0;
        (void)subscribe(s);
        catch_up(s);
        return 0;
}

static int on_reloading(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        int begins;

        if (sd_bus_message_read(m, "b", &begins) >= 0 && !begins)
                catch_up(userdata);
        return 0;
}

static int add_matches(Systemd *s)
{
        int r = sd_bus_match_signal_async(s->bus, NULL, sender(s), SYSTEMD_PATH, SYSTEMD_MANAGER,
                                          "JobRemoved", on_job_removed, NULL, s);

        return r < 0 ? r
                     : sd_bus_match_signal_async(s->bus, NULL, sender(s), SYSTEMD_PATH,
                                                 SYSTEMD_MANAGER, "Reloading", on_reloading, NULL,
                                                 s);
}

static int connect_system(Systemd *s)
{
        int r = sd_bus_open_system(&s->bus);

        r = r < 0 ? r : sd_bus_attach_event(s->bus, s->event, PRIORITY);
        r = r < 0 ? r : sd_bus_set_exit_on_disconnect(s->bus, 1);
        r = r < 0 ? r : add_matches(s);
        r = r < 0 ? r
                  : sd_bus_add_match_async(s->bus, NULL,
                                           "type='signal',sender='org.freedesktop.DBus',"
                                           "interface='org.freedesktop.DBus',"
                                           "member='NameOwnerChanged',arg0='" SYSTEMD_SERVICE "'",
                                           on_owner, NULL, s);
        return r < 0 ? r : subscribe(s);
}

static int connect_private(Systemd *s);

static int on_reconnect(sd_event_source *source, uint64_t usec, void *userdata)
{
        connect_again(userdata);
        return 0;
}

static void connect_later(Systemd *s)
{
        (void)sd_event_add_time_relative(s->event, &s->reconnect, CLOCK_MONOTONIC, RETRY_USEC, 0,
                                         on_reconnect, s);
}

static void connect_again(Systemd *s)
{
        GHashTableIter i;
        gpointer w;

        s->reconnect = sd_event_source_disable_unref(s->reconnect);
        if (connect_private(s) < 0) {
                connect_later(s);
                return;
        }
        rest_later(s);
        unit_limits_set_bus(s->limits, s->bus);
        unit_links_set_bus(s->links, s->bus);
        unit_jobs_set_bus(s->jobs, s->bus);
        unit_jobs_check(s->jobs);
        g_hash_table_iter_init(&i, s->watches);
        while (g_hash_table_iter_next(&i, NULL, &w))
                (void)watch_begin(w); /* without memory: a later change of PID 1 asks again */
}

/* PID 1 is being replaced: what was asked has failed already, and is asked again. */
static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        connect_later(userdata);
        return 0;
}

/* Signals come there unasked. */
static int connect_private(Systemd *s)
{
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        int r = sd_bus_new(&bus);

        r = r < 0 ? r : sd_bus_set_address(bus, PRIVATE_ADDRESS);
        r = r < 0 ? r : sd_bus_start(bus);
        r = r < 0 ? r : sd_bus_attach_event(bus, s->event, PRIORITY);
        r = r < 0 ? r
                  : sd_bus_match_signal_async(
                            bus, NULL, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
                            "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL, s);
        if (r < 0)
                return r;
        sd_bus_close_unref(s->bus);
        s->bus = TAKE_PTR(bus);
        s->is_private = true;
        s->is_resting = false;
        return add_matches(s);
}

int systemd_new(sd_event *event, sd_bus *system, Systemd **ret)
{
        Systemd *s = g_new0(Systemd, 1);

        s->event = event;
        s->watches = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, watch_free);
        s->keep = unit_keep_new(system, on_released, s);
        int r = connect_private(s);
        if (!s->is_private)
                r = connect_system(s);
        if (r < 0) {
                systemd_free(s);
                return r;
        }
        s->jobs = unit_jobs_new(s->bus, ANSWER_USEC, on_job_done, s);
        s->limits = unit_limits_new("", s->bus, ANSWER_USEC, &limits_listener, s);
        s->links = unit_links_new("", s->bus, ANSWER_USEC, on_links_moved, s);
        rest_later(s);
        *ret = s;
        return 0;
}

void systemd_free(Systemd *s)
{
        if (!s)
                return;
        unit_jobs_free(s->jobs);
        unit_limits_free(s->limits);
        unit_links_free(s->links);
        g_hash_table_unref(s->watches);
        unit_keep_free(s->keep);
        sd_event_source_disable_unref(s->reconnect);
        sd_event_source_disable_unref(s->rest);
        sd_bus_flush_close_unref(s->bus);
        g_free(s);
}
