/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/unit-job.h"

#include "base/io.h"
#include "base/text.h"
#include "host/systemd-call.h"

#include <glib.h>
#include <string.h>

#define RETRY_USEC 100000ULL         /* PID 1 is being replaced, which takes some of these */
#define CHECK_USEC (30ULL * 1000000) /* is it still there? for a job that takes long */
#define JOB        SYSTEMD_SERVICE ".Job"

#define CONFLICTS_MAX 20
#define CONFLICT_USEC 25000ULL

/* From the call until JobRemoved. */
typedef struct Job {
        UnitJobs *jobs;
        char *unit;
        UnitJob kind;
        const char *method; /* of systemd's */
        sd_bus_slot *call;  /* the question that is open */
        sd_event_source *timer;
        uint64_t until; /* systemd has to answer by then; 0: nothing is asked */
        unsigned n_conflicts;
        char *path;                      /* once systemd has answered */
        char *early_path, *early_result; /* JobRemoved came before the answer */
} Job;

struct UnitJobs {
        sd_bus *bus;
        sd_event *event;
        uint64_t answer_usec;
        UnitJobDone done;
        void *userdata;
        GPtrArray *jobs; /* Job */
};

static void ask(Job *j);

static void job_free(void *p)
{
        Job *j = p;

        sd_bus_slot_unref(j->call);
        sd_event_source_disable_unref(j->timer);
        g_free(j->unit);
        g_free(j->path);
        g_free(j->early_path);
        g_free(j->early_result);
        g_free(j);
}

static void job_finish(Job *j, const char *result, const char *error)
{
        UnitJobs *jobs = j->jobs;
        UnitJob kind = j->kind;
        _cleanup_free_ char *unit = g_strdup(j->unit), *copy = g_strdup(result);

        g_ptr_array_remove(jobs->jobs, j);
        jobs->done(jobs->userdata, unit, kind, copy, error);
}

int systemd_get(sd_bus *bus, sd_bus_slot **slot, const char *path, const char *interface,
                const char *property, uint64_t timeout_usec, sd_bus_message_handler_t callback,
                void *userdata)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_call(bus, &m, SYSTEMD_SERVICE, path,
                                               "org.freedesktop.DBus.Properties", "Get");

        r = r < 0 ? r : sd_bus_message_append(m, "ss", interface, property);
        return r < 0 ? r : sd_bus_call_async(bus, slot, m, callback, userdata, timeout_usec);
}

/* ---- when to ask ---- */

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        Job *j = userdata;

        j->timer = sd_event_source_disable_unref(j->timer);
        ask(j);
        return 0;
}

static void ask_in(Job *j, uint64_t usec)
{
        j->timer = sd_event_source_disable_unref(j->timer);
        /* without memory: JobRemoved comes nevertheless */
        (void)sd_event_add_time_relative(j->jobs->event, &j->timer, CLOCK_MONOTONIC, usec, 0,
                                         on_timer, j);
}

/* A start that the caller was told has failed must not happen later: this comes after it. */
static void take_back(const Job *j)
{
        (void)sd_bus_call_method_async(j->jobs->bus, NULL, SYSTEMD_SERVICE, SYSTEMD_PATH,
                                       SYSTEMD_MANAGER, "StopUnit", NULL, NULL, "ss", j->unit,
                                       "replace");
}

static void no_answer(Job *j)
{
        if (now_usec(CLOCK_MONOTONIC) < j->until) {
                ask_in(j, RETRY_USEC);
                return;
        }
        if (j->kind == UNIT_JOB_START)
                take_back(j);
        job_finish(j, "timeout", "systemd does not answer");
}

/* Return: true if that was all; @j may be gone then. */
static bool is_unanswered(Job *j, sd_bus_message *m)
{
        j->call = sd_bus_slot_unref(j->call);
        if (systemd_is_away(sd_bus_message_get_error(m))) {
                no_answer(j);
                return true;
        }
        return false;
}

/* ---- what became of a job whose end we may have missed ---- */

static const char *result_of(const Job *j, const char *state)
{
        bool ended = streq(state, "inactive") || streq(state, "failed");

        if (j->kind == UNIT_JOB_STOP)
                return ended ? "done" : streq(state, "active") ? "canceled" : "failed";
        return streq(state, "active") || streq(state, "reloading") ? "done" : "failed";
}

static int on_active_state(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const char *state = "inactive"; /* also of what systemd does not know */
        Job *j = userdata;

        if (is_unanswered(j, m))
                return 0;
        if (!sd_bus_message_get_error(m) && sd_bus_message_read(m, "v", "s", &state) < 0)
                state = "inactive";
        job_finish(j, result_of(j, state), NULL);
        return 0;
}

static int on_job_state(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        _cleanup_free_ char *path = NULL;
        Job *j = userdata;

        if (is_unanswered(j, m))
                return 0;
        if (!sd_bus_message_get_error(m)) {
                j->until = 0;
                ask_in(j, CHECK_USEC);
                return 0;
        }
        /* gone, and JobRemoved would have come before this answer */
        int r = sd_bus_path_encode(SYSTEMD_PATH "/unit", j->unit, &path);
        if (r >= 0)
                r = systemd_get(j->jobs->bus, &j->call, path, SYSTEMD_UNIT, "ActiveState",
                                j->jobs->answer_usec, on_active_state, j);
        if (systemd_is_lost(r))
                no_answer(j);
        else if (r < 0)
                job_finish(j, "failed", strerror(-r));
        return 0;
}

/* ---- from the call to the signal ---- */

void unit_jobs_removed(UnitJobs *jobs, sd_bus_message *m)
{
        const char *path, *unit, *result;
        uint32_t id;

        if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
                return;
        for (guint i = 0; i < jobs->jobs->len; i++) {
                Job *j = g_ptr_array_index(jobs->jobs, i);

                if (!streq(j->unit, unit))
                        continue;
                if (j->path && streq(j->path, path)) {
                        job_finish(j, result, NULL);
                        return;
                }
                if (!j->path) { /* perhaps ours: the answer will tell */
                        g_free(j->early_path);
                        g_free(j->early_result);
                        j->early_path = g_strdup(path);
                        j->early_result = g_strdup(result);
                }
        }
}

/* A start that meets the stop of the run before: up to 257, systemd-machined stops the unit of a
 * machine that has ended by itself, which is over at once. Return: whether it is asked again. */
static bool try_again(Job *j, const sd_bus_error *e)
{
        if (j->kind != UNIT_JOB_START || j->n_conflicts++ >= CONFLICTS_MAX ||
            !sd_bus_error_has_name(e, SYSTEMD_SERVICE ".TransactionIsDestructive"))
                return false;
        ask_in(j, CONFLICT_USEC);
        return j->timer != NULL;
}

/* A start that is asked again later would come after the stop. */
static void drop_starts(UnitJobs *jobs, const char *unit)
{
        for (guint i = jobs->jobs->len; i-- > 0;) {
                const Job *j = g_ptr_array_index(jobs->jobs, i);

                if (j->kind == UNIT_JOB_START && !j->call && !j->path && streq(j->unit, unit))
                        g_ptr_array_remove_index(jobs->jobs, i);
        }
}

static int on_queued(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const sd_bus_error *e = sd_bus_message_get_error(m);
        const char *path = NULL;
        Job *j = userdata;

        if (is_unanswered(j, m) || (e && try_again(j, e)))
                return 0;
        if (e && j->kind == UNIT_JOB_STOP && sd_bus_error_has_name(e, SYSTEMD_NO_SUCH_UNIT)) {
                job_finish(j, "done", NULL); /* not loaded: there is nothing to stop */
                return 0;
        }
        if (e && j->kind == UNIT_JOB_START &&
            sd_bus_error_has_name(e, SYSTEMD_SERVICE ".TransactionIsDestructive")) {
                job_finish(j, "canceled", NULL); /* a stop that somebody asked for comes first */
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
        j->until = 0;
        ask_in(j, CHECK_USEC);
        return 0;
}

/* systemd merges a second job of the same kind into the first: asking again does no harm. */
static int queue(Job *j, uint64_t timeout_usec)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        bool starts = j->kind == UNIT_JOB_START;
        int r = sd_bus_message_new_method_call(j->jobs->bus, &m, SYSTEMD_SERVICE, SYSTEMD_PATH,
                                               SYSTEMD_MANAGER, j->method);

        /* a start must not cancel a stop that somebody asked for; a stop goes over everything */
        r = r < 0 ? r : sd_bus_message_append(m, "ss", j->unit, starts ? "fail" : "replace");
        return r < 0 ? r : sd_bus_call_async(j->jobs->bus, &j->call, m, on_queued, j, timeout_usec);
}

static void ask(Job *j)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC);
        int r;

        if (j->until == 0)
                j->until = now + j->jobs->answer_usec;
        uint64_t rest = j->until > now ? j->until - now : 1;
        if (j->path)
                r = systemd_get(j->jobs->bus, &j->call, j->path, JOB, "State", rest, on_job_state,
                                j);
        else
                r = queue(j, rest);
        if (systemd_is_lost(r))
                no_answer(j);
        else if (r < 0)
                job_finish(j, "error", strerror(-r));
}

void unit_jobs_check(UnitJobs *jobs)
{
        for (guint i = 0; i < jobs->jobs->len; i++) {
                Job *j = g_ptr_array_index(jobs->jobs, i);

                if (!j->call)
                        ask_in(j, 0);
        }
}

size_t unit_jobs_count(const UnitJobs *jobs)
{
        return jobs->jobs->len;
}

static int queue_new(UnitJobs *jobs, const char *unit, UnitJob kind, const char *method)
{
        Job *j = g_new0(Job, 1);

        *j = (Job){
                .jobs = jobs,
                .unit = g_strdup(unit),
                .kind = kind,
                .method = method,
                .until = now_usec(CLOCK_MONOTONIC) + jobs->answer_usec,
        };
        int r = queue(j, jobs->answer_usec);
        if (r < 0 && !systemd_is_lost(r)) {
                job_free(j);
                return r;
        }
        if (r < 0)
                ask_in(j, RETRY_USEC);
        g_ptr_array_add(jobs->jobs, j);
        return 0;
}

int unit_jobs_queue(UnitJobs *jobs, const char *unit, UnitJob kind)
{
        if (kind == UNIT_JOB_STOP)
                drop_starts(jobs, unit);
        return queue_new(jobs, unit, kind, kind == UNIT_JOB_START ? "StartUnit" : "StopUnit");
}

int unit_jobs_queue_restart(UnitJobs *jobs, const char *unit)
{
        return queue_new(jobs, unit, UNIT_JOB_START, "RestartUnit");
}

UnitJobs *unit_jobs_new(sd_bus *bus, uint64_t answer_usec, UnitJobDone done, void *userdata)
{
        UnitJobs *jobs = g_new0(UnitJobs, 1);

        *jobs = (UnitJobs){
                .bus = bus,
                .event = sd_bus_get_event(bus),
                .answer_usec = answer_usec,
                .done = done,
                .userdata = userdata,
                .jobs = g_ptr_array_new_with_free_func(job_free),
        };
        return jobs;
}

void unit_jobs_set_bus(UnitJobs *jobs, sd_bus *bus)
{
        jobs->bus = bus;
}

void unit_jobs_free(UnitJobs *jobs)
{
        if (!jobs)
                return;
        g_ptr_array_unref(jobs->jobs);
        g_free(jobs);
}
