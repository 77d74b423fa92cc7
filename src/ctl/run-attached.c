/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/run-attached.h"

#include "ctl/attached.h"
#include "ctl/report.h"
#include "ctl/terminal.h"

#include <string.h>

#define RETRIES          25U
#define RETRY_AFTER_USEC 200000U

typedef struct Run {
        Session session; /* first, so that one is the other */
        bool is_started, has_exited, is_stopping;
        unsigned n_retries;
        int status;
} Run;

static int start_call_new(const Ctl *c, const char *name, const Streams *streams,
                          sd_bus_message **ret, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = client_machine_call_new(&c->client, "Start", name, &m, reterr);

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", "Attach");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "a{uh}");
        if (r >= 0)
                r = client_append_fds(m, streams->guest, STREAMS);
        for (int i = 0; i < 3 && r >= 0; i++)
                r = sd_bus_message_close_container(m);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        *ret = TAKE_PTR(m);
        return 0;
}

static void end_if_over(Run *run)
{
        if (run->is_started && run->has_exited)
                session_end(&run->session, run->status);
}

static int on_started(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Run *run = userdata;
        _cleanup_fault_ Fault fault = {0};

        if (sd_bus_message_is_method_error(m, NULL)) {
                (void)client_fault(sd_bus_message_get_error(m), 0, &fault);
                session_fail(&run->session, -EIO, &fault);
                return 0;
        }
        run->is_started = true;
        if (run->session.is_raw)
                attached_on_resize(&run->session);
        end_if_over(run);
        return 0;
}

static int on_exited(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        Run *run = userdata;
        _cleanup_fault_ Fault fault = {0};

        /* It may have ended while nobody could tell: then it is stopped. */
        int r = attached_wait(&run->session, "stopped", on_exited, &fault);
        if (r < 0)
                session_fail(&run->session, r, &fault);
        return 0;
}

/* A restarted lodged knows the machine, so that its absence is no end. */
static bool retry_wait(Run *run, const Fault *f)
{
        return run->is_started && client_is_unreachable(f) && run->n_retries++ < RETRIES &&
               sd_event_add_time_relative(run->session.event, NULL, CLOCK_MONOTONIC,
                                          RETRY_AFTER_USEC, 0, on_retry, run) >= 0;
}

static int on_exited(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Run *run = userdata;
        _cleanup_fault_ Fault fault = {0};
        const char *state;
        int status, r = 0;

        if (!sd_bus_message_is_method_error(m, NULL)) {
                r = sd_bus_message_read(m, "si", &state, &status);
                run->has_exited = r >= 0;
                run->status = r >= 0 && status >= 0 ? status & 0xff : EXIT_NOT_RUN;
        }
        if (run->has_exited) {
                end_if_over(run);
                return 0;
        }
        (void)client_fault(sd_bus_message_get_error(m), r, &fault);
        if (retry_wait(run, &fault))
                return 0;
        session_fail(&run->session, r, &fault);
        return 0;
}

/* The first signal stops the machine, another one does not wait for it any longer. */
static void on_signal(Session *s, int sig)
{
        Run *run = (Run *)s;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const char *method = run->is_stopping ? "Terminate" : "Stop";

        run->is_stopping = true;
        if (client_machine_call_new(&s->c->client, method, s->machine, &m, NULL) >= 0 &&
            sd_bus_message_append(m, "a{sv}", 0) >= 0)
                (void)sd_bus_send(client_bus(&s->c->client), m, NULL);
}

static int start_attached(Run *run, bool terminal, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        Session *s = &run->session;
        Streams streams;

        int r = session_open(s, reterr);
        if (r >= 0)
                r = streams_open(terminal || args_has(&s->c->args, "interactive"), &streams,
                                 reterr);
        if (r < 0)
                return r;
        r = attached_wait(s, "exited", on_exited, reterr);
        if (r >= 0)
                r = start_call_new(s->c, s->machine, &streams, &m, reterr);
        if (r >= 0)
                r = sd_bus_call_async(client_bus(&s->c->client), NULL, m, on_started, run,
                                      CLIENT_FOREVER);
        streams_close_guest(&streams);
        if (r >= 0)
                r = session_connect_streams(s, &streams, reterr);
        for (int i = 0; i < STREAMS; i++)
                streams.ours[i] = close_fd(streams.ours[i]);
        return r < 0 ? client_fault(NULL, r, reterr) : 0;
}

int run_attached(Ctl *c, const char *name, bool terminal, bool *ret_started)
{
        _cleanup_fault_ Fault fault = {0};
        Run run = {.session = {.c = c, .machine = name, .master = -EBADF, .on_signal = on_signal}};

        if (start_attached(&run, terminal, &fault) < 0) {
                session_close(&run.session);
                *ret_started = false;
                return report_fault(c, name, &fault);
        }
        if (terminal) {
                run.session.on_resize = attached_on_resize;
                attached_note(&run.session);
                session_make_raw(&run.session);
        }
        int status = session_run(&run.session, ATTACHED_QUIET_MSEC);
        session_close(&run.session);
        *ret_started = run.is_started;
        if (run.session.detached)
                report_note(c, "Detached from '%s'; it goes on. Come back with: lodgectl attach %s",
                            name, name);
        return status;
}
