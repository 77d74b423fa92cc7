/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A systemd that does not answer, that goes away, and that loses its signals. */
#include "host/unit-job.h"

#include "base/text.h"
#include "unit/host/bus-pair.h"
#include "unit/test.h"

#include <errno.h>

#define ANSWER_USEC 700000ULL
#define JOB_PATH    SYSTEMD_PATH "/job/1"
#define UNIT_NAME   "a.service"

static sd_event *event;
static sd_bus *ours, *theirs;
static UnitJobs *jobs;

static struct {
        unsigned starts, restarts, stops, job_states; /* calls seen */
        unsigned away;     /* so many are answered like a PID 1 that left */
        bool mute, queued; /* never answers; the job exists */
        const char *active_state;
        sd_bus_message *held; /* a call to answer late */
} host;

static struct {
        unsigned n;
        char result[32], error[64];
} end;

static void on_done(void *userdata, const char *unit, UnitJob kind, const char *result,
                    const char *error)
{
        CHECK_STRING(unit, UNIT_NAME);
        end.n++;
        (void)snprintf(end.result, sizeof(end.result), "%s", result);
        (void)snprintf(end.error, sizeof(end.error), "%s", error ? error : "");
}

static int answer(sd_bus_message *m, const char *member)
{
        if (host.mute) {
                if (!host.held)
                        host.held = sd_bus_message_ref(m);
                return 1;
        }
        if (host.away > 0) {
                host.away--;
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_NO_REPLY, "left the bus");
        }
        if (!streq(member, "Get"))
                return sd_bus_reply_method_return(m, "o", JOB_PATH);
        if (!streq(sd_bus_message_get_path(m), JOB_PATH))
                return sd_bus_reply_method_return(m, "v", "s", host.active_state);
        host.job_states++;
        return host.queued ? sd_bus_reply_method_return(m, "v", "s", "running")
                           : sd_bus_reply_method_errorf(m, SD_BUS_ERROR_UNKNOWN_OBJECT, "no job");
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *member = sd_bus_message_get_member(m);
        uint8_t type;

        CHECK(sd_bus_message_get_type(m, &type) >= 0);
        if (type != SD_BUS_MESSAGE_METHOD_CALL)
                return 0;
        host.starts += streq(member, "StartUnit");
        host.restarts += streq(member, "RestartUnit");
        host.stops += streq(member, "StopUnit");
        return answer(m, member);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        if (sd_bus_message_is_signal(m, SYSTEMD_MANAGER, "JobRemoved") > 0)
                unit_jobs_removed(jobs, m);
        return 0;
}

/* Everything that is under way arrives; rounds rather than time, for a machine under load. */
static void settle(void)
{
        for (unsigned i = 0; i < 40; i++)
                CHECK(sd_event_run(event, 2000) >= 0);
}

static void run_until(const unsigned *counter, unsigned n)
{
        for (unsigned i = 0; i < 1000 && *counter < n; i++)
                CHECK(sd_event_run(event, 10000) >= 0);
        CHECK_NUMBER(*counter, n);
}

static void run_until_end(void)
{
        run_until(&end.n, 1);
}

static void removed(const char *result)
{
        CHECK(sd_bus_emit_signal(theirs, SYSTEMD_PATH, SYSTEMD_MANAGER, "JobRemoved", "uoss", 1U,
                                 JOB_PATH, UNIT_NAME, result) >= 0);
}

static void begin(UnitJob kind)
{
        memset(&end, 0, sizeof(end));
        host.held = sd_bus_message_unref(host.held);
        memset(&host, 0, sizeof(host));
        CHECK_NUMBER(unit_jobs_queue(jobs, UNIT_NAME, kind), 0);
}

static void test_usual(void)
{
        begin(UNIT_JOB_START);
        settle();
        CHECK_NUMBER(end.n, 0);
        removed("done");
        run_until_end();
        CHECK_STRING(end.result, "done");
        CHECK_NUMBER(host.starts, 1);
}

/* Also before the answer: systemd may be that fast. */
static void test_early_signal(void)
{
        begin(UNIT_JOB_START);
        removed("failed");
        run_until_end();
        CHECK_STRING(end.result, "failed");
        CHECK_STRING(end.error, "");
}

static void test_no_answer(void)
{
        begin(UNIT_JOB_START);
        host.mute = true;
        run_until_end();
        CHECK_STRING(end.result, "timeout");
        CHECK_STRING(end.error, "systemd does not answer");
        settle();
        CHECK_NUMBER(host.stops, 1); /* what it may still do is taken back */
        CHECK(sd_bus_reply_method_return(host.held, "o", JOB_PATH) >= 0);
        removed("done");
        settle();
        CHECK_NUMBER(end.n, 1);

        begin(UNIT_JOB_STOP);
        host.mute = true;
        run_until_end();
        CHECK_STRING(end.result, "timeout");
        settle();
        CHECK_NUMBER(host.stops, 1);
}

static void test_away(void)
{
        begin(UNIT_JOB_START);
        host.away = 2;
        run_until(&host.starts, 3);
        CHECK_NUMBER(end.n, 0);
        settle();
        removed("done");
        run_until_end();
        CHECK_STRING(end.result, "done");

        begin(UNIT_JOB_START); /* for longer than we wait */
        host.away = 100;
        run_until_end();
        CHECK_STRING(end.result, "timeout");
}

static void lose_signal(UnitJob kind, const char *state, const char *result)
{
        begin(kind);
        settle();
        host.active_state = state;
        host.away = 1; /* the first question meets PID 1 on its way out */
        unit_jobs_check(jobs);
        run_until_end();
        CHECK_STRING(end.result, result);
}

static void test_lost_signal(void)
{
        lose_signal(UNIT_JOB_START, "active", "done");
        lose_signal(UNIT_JOB_START, "failed", "failed");
        lose_signal(UNIT_JOB_START, "activating", "failed");
        lose_signal(UNIT_JOB_STOP, "inactive", "done");
        lose_signal(UNIT_JOB_STOP, "active", "canceled");

        begin(UNIT_JOB_STOP);
        settle();
        host.queued = true;
        unit_jobs_check(jobs);
        settle();
        CHECK_NUMBER(host.job_states, 1);
        CHECK_NUMBER(end.n, 0);
        removed("done");
        run_until_end();
        CHECK_STRING(end.result, "done");
}

/* PID 1 has taken the job and then stands still. */
static void test_mute_later(void)
{
        begin(UNIT_JOB_START);
        settle();
        host.mute = true;
        unit_jobs_check(jobs);
        run_until_end();
        CHECK_STRING(end.result, "timeout");
}

static void connect_both(void)
{
        bus_pair_connect(event, &theirs, &ours);
        CHECK(sd_bus_add_filter(theirs, NULL, on_message, NULL) >= 0);
        CHECK(sd_bus_add_filter(ours, NULL, on_signal, NULL) >= 0);
}

static void close_both(void)
{
        ours = sd_bus_flush_close_unref(ours);
        theirs = sd_bus_flush_close_unref(theirs);
}

/* A unit that waits to be started again by itself: the end is that of a start. */
static void test_restart(void)
{
        begin(UNIT_JOB_STOP);
        settle();
        removed("done");
        run_until_end();
        memset(&end, 0, sizeof(end));
        CHECK_NUMBER(unit_jobs_queue_restart(jobs, UNIT_NAME), 0);
        settle();
        CHECK_NUMBER(host.restarts, 1);
        CHECK_NUMBER(host.starts, 0);
        removed("done");
        run_until_end();
        CHECK_STRING(end.result, "done");
}

/* PID 1 is replaced, and with it the connection. */
static void test_lost_connection(void)
{
        begin(UNIT_JOB_START);
        settle();
        CHECK_NUMBER(host.starts, 1);
        sd_bus *before = sd_bus_ref(ours);
        close_both();
        unit_jobs_check(jobs); /* this cannot be asked now, nor can another job be queued */
        CHECK_NUMBER(unit_jobs_queue(jobs, "b.service", UNIT_JOB_STOP), 0);
        settle();
        CHECK_NUMBER(end.n, 0);
        connect_both();
        unit_jobs_set_bus(jobs, ours);
        sd_bus_unref(before);
        host.stops = 0;
        host.active_state = "active";
        run_until_end();
        CHECK_STRING(end.result, "done");
        run_until(&host.stops, 1);
}

int main(void)
{
        CHECK(sd_event_default(&event) >= 0);
        connect_both();
        jobs = unit_jobs_new(ours, ANSWER_USEC, on_done, NULL);
        settle();
        test_usual();
        test_early_signal();
        test_no_answer();
        test_away();
        test_lost_signal();
        test_mute_later();
        test_restart();
        test_lost_connection();
        unit_jobs_free(jobs);
        sd_bus_message_unref(host.held);
        close_both();
        sd_event_unref(event);
        return 0;
}
