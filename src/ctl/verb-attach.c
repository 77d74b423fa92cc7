/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/attached.h"
#include "ctl/report.h"
#include "ctl/terminal.h"
#include "ctl/verbs.h"

static int on_stopped(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        session_end(userdata, EXIT_OK);
        return 0;
}

static void on_streams_end(Session *s)
{
        session_end(s, EXIT_OK);
}

/* The machine goes on without us. */
static void on_signal(Session *s, int sig)
{
        s->detached = true;
        session_end(s, EXIT_OK);
}

static int call_attach(Session *s, const Streams *streams, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = client_machine_call_new(&s->c->client, "Attach", s->machine, &m, reterr);

        if (r >= 0)
                r = client_append_fds(m, streams->guest, STREAMS);
        if (r >= 0)
                r = sd_bus_message_append(m, "a{sv}", 0);
        return r < 0 ? client_fault(NULL, r, reterr)
                     : client_call(&s->c->client, m, CLIENT_FOREVER, NULL, reterr);
}

static int attach(Session *s, Fault *reterr)
{
        Streams streams;
        int r = streams_open(true, &streams, reterr);

        if (r < 0)
                return r;
        r = call_attach(s, &streams, reterr);
        streams_close_guest(&streams);
        if (r >= 0)
                r = session_open(s, reterr);
        if (r >= 0)
                r = session_connect_streams(s, &streams, reterr);
        for (int i = 0; i < STREAMS; i++)
                streams.ours[i] = close_fd(streams.ours[i]);
        return r < 0 ? r : attached_wait(s, "stopped", on_stopped, reterr);
}

int verb_attach(Ctl *c)
{
        _cleanup_session_ Session s = {.c = c,
                                       .machine = c->args.words[0],
                                       .master = -EBADF,
                                       .on_signal = on_signal,
                                       .on_streams_end = on_streams_end};
        _cleanup_fault_ Fault fault = {0};

        if (attach(&s, &fault) < 0)
                return report_fault(c, s.machine, &fault);
        /* Keys go through one by one only to a terminal; PID 1 may have none. */
        if (terminal_is_both() && attached_resize(&s, NULL) >= 0) {
                s.on_resize = attached_on_resize;
                attached_note(&s);
                session_make_raw(&s);
        }
        int status = session_run(&s, ATTACHED_QUIET_MSEC);
        session_close(&s);
        if (s.detached)
                report_note(c, "Detached from '%s'; it goes on.", s.machine);
        return status;
}
