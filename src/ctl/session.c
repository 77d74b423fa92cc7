/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/session.h"

#include "base/names.h"
#include "base/text.h"
#include "ctl/polkit-agent.h"
#include "ctl/report.h"
#include "ctl/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

#define RETRIES          25U
#define RETRY_AFTER_USEC 200000U
#define LOSSES           500U

static void resize(Session *s)
{
        uint16_t rows, columns;

        if (s->master >= 0 && terminal_size(&rows, &columns) >= 0) {
                const struct winsize size = {.ws_row = rows, .ws_col = columns};

                (void)ioctl(s->master, TIOCSWINSZ, &size);
        }
        if (s->on_resize)
                s->on_resize(s);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Session *s = userdata;
        int sig = (int)info->ssi_signo;

        if (sig == SIGCONT && s->is_raw)
                (void)terminal_make_raw(); /* the shell that we were stopped from changed it */
        if (sig == SIGCONT || sig == SIGWINCH)
                resize(s);
        else if (s->on_signal)
                s->on_signal(s, sig);
        else
                session_end(s, 128 + sig);
        return 0;
}

static int handle_signals(Session *s)
{
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT};
        sigset_t mask;
        int r = 0;

        (void)signal(SIGPIPE, SIG_IGN); /* a reader that left is seen by the copy */
        (void)sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void)sigaddset(&mask, signals[i]);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(signals) && r >= 0; i++)
                r = sd_event_add_signal(s->event, NULL, signals[i], on_signal, s);
        return r;
}

int session_open(Session *s, Fault *reterr)
{
        s->master = -EBADF;
        for (size_t i = 0; i < STREAMS; i++)
                s->copies[i] = (Copy){.from = -EBADF, .to = -EBADF};
        int r = sd_event_new(&s->event);
        if (r >= 0)
                r = client_attach(&s->c->client, s->event);
        if (r >= 0)
                r = handle_signals(s);
        return r < 0 ? fault_set(reterr, FAULT_FAILED, r, "no event loop: %s", strerror(-r)) : 0;
}

static void on_output_ended(Copy *copy, void *userdata)
{
        Session *s = userdata;

        s->n_outputs--;
        if (s->n_outputs == 0 && s->on_streams_end)
                s->on_streams_end(s);
}

static int start_copy(Session *s, size_t i, Copy copy, Fault *reterr)
{
        s->copies[i] = copy;
        s->copies[i].userdata = s;
        if (i != STDIN_FILENO) {
                s->copies[i].ended = on_output_ended;
                s->n_outputs++;
        }
        int r = copy_start(&s->copies[i], s->event);
        return r < 0 ? fault_set(reterr, FAULT_FAILED, r, "stream %zu cannot be connected: %s", i,
                                 strerror(-r))
                     : 0;
}

int session_connect_streams(Session *s, Streams *streams, Fault *reterr)
{
        int r = 0;

        for (int i = 0; i < STREAMS && r >= 0; i++) {
                int ours = streams->ours[i];

                if (ours < 0)
                        continue;
                streams->ours[i] = -EBADF;
                r = start_copy(s, (size_t)i,
                               i == STDIN_FILENO ? (Copy){.from = i, .to = ours, .owns_to = true}
                                                 : (Copy){.from = ours, .owns_from = true, .to = i},
                               reterr);
        }
        return r;
}

int session_connect_terminal(Session *s, int master, Fault *reterr)
{
        /* An event loop takes a descriptor once, and both directions need one. */
        int again = fcntl(master, F_DUPFD_CLOEXEC, STREAMS);

        s->master = master;
        if (again < 0)
                return fault_set(reterr, FAULT_FAILED, errno, "the terminal cannot be used: %s",
                                 strerror(errno));
        int r = start_copy(s, STDOUT_FILENO,
                           (Copy){.from = again, .owns_from = true, .to = STDOUT_FILENO}, reterr);
        if (r >= 0)
                r = start_copy(s, STDIN_FILENO,
                               (Copy){.from = STDIN_FILENO, .to = master, .ends_with_eot = true},
                               reterr);
        if (r >= 0)
                resize(s);
        return r;
}

static void on_escape(void *userdata)
{
        Session *s = userdata;

        s->detached = true;
        session_end(s, EXIT_OK);
}

void session_make_raw(Session *s)
{
        if (!terminal_is_both() || terminal_make_raw() < 0)
                return;
        s->is_raw = true;
        s->copies[STDIN_FILENO].escaped = on_escape;
}

void session_end(Session *s, int status)
{
        s->status = status;
        (void)sd_event_exit(s->event, 0);
}

static int on_process_ended(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);

static int send_wait(Session *s, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = client_call_new(&s->c->client, s->process, LODGE_PROCESS_INTERFACE, "Wait", &m,
                                reterr);

        if (r >= 0)
                r = sd_bus_message_append(m, "a{sv}", 0);
        if (r >= 0)
                r = sd_bus_call_async(client_bus(&s->c->client), NULL, m, on_process_ended, s,
                                      CLIENT_FOREVER);
        return r < 0 ? client_fault(NULL, r, reterr) : 0;
}

void session_fail(Session *s, int r, Fault *f)
{
        terminal_restore();
        (void)client_fault(NULL, r, f); /* where nothing is known but the number */
        session_end(s, report_fault(s->c, s->machine, f));
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        Session *s = userdata;
        _cleanup_fault_ Fault fault = {0};

        int r = send_wait(s, &fault);
        if (r < 0)
                session_fail(s, r, &fault);
        return 0;
}

/* A restarted lodged knows what runs inside, so that its absence is no end. */
static bool retry_wait(Session *s, const Fault *f)
{
        if (client_is_lost(f) && s->n_lost++ < LOSSES)
                s->n_retries = 0; /* it was there: this is another restart */
        return client_is_unreachable(f) && s->n_retries++ < RETRIES &&
               sd_event_add_time_relative(s->event, NULL, CLOCK_MONOTONIC, RETRY_AFTER_USEC, 0,
                                          on_retry, s) >= 0;
}

static int on_process_ended(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Session *s = userdata;
        _cleanup_fault_ Fault fault = {0};
        int status, sig;

        if (sd_bus_message_is_method_error(m, NULL)) {
                (void)client_fault(sd_bus_message_get_error(m), 0, &fault);
                if (retry_wait(s, &fault))
                        return 0;
                if (s->n_retries > 0 && !client_is_unreachable(&fault)) {
                        fault_done(&fault);
                        (void)fault_set(
                                &fault, FAULT_FAILED, 0,
                                "lodged was restarted, and cannot tell how the command ends");
                }
                session_fail(s, -EIO, &fault);
                return 0;
        }
        int r = sd_bus_message_read(m, "ii", &status, &sig);
        if (r >= 0) {
                session_end(s, status & 0xff);
                return 0;
        }
        session_fail(s, r, &fault);
        return 0;
}

int session_wait_process(Session *s, const char *path, Fault *reterr)
{
        s->process = strdup(path);
        if (!s->process)
                return -ENOMEM;
        if (s->early_signal > 0)
                session_signal_process(s, s->early_signal);
        return send_wait(s, reterr);
}

void session_signal_process(Session *s, int sig)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        /* It is not kept where it may be meant for the password, or for us. */
        if (!s->process && (s->early_signal > 0 || polkit_agent_runs()))
                session_end(s, 128 + sig);
        if (!s->process) {
                s->early_signal = sig;
                return;
        }
        /* The process may be gone by then; its end is what is waited for anyway. */
        if (client_call_new(&s->c->client, s->process, LODGE_PROCESS_INTERFACE, "Kill", &m, NULL) >=
                    0 &&
            sd_bus_message_append(m, "ia{sv}", sig, 0) >= 0)
                (void)sd_bus_send(client_bus(&s->c->client), m, NULL);
}

int session_run(Session *s, int quiet_msec)
{
        int r = sd_event_loop(s->event);

        if (!s->detached)
                for (size_t i = STDOUT_FILENO; i < STREAMS; i++)
                        copy_drain(&s->copies[i], quiet_msec);
        if (r < 0) {
                terminal_restore();
                report_error("the connection to '%s' broke: %s", s->machine, strerror(-r));
                return EXIT_NOT_RUN;
        }
        return s->status;
}

void session_close(Session *s)
{
        terminal_restore();
        for (size_t i = 0; i < STREAMS; i++)
                copy_done(&s->copies[i]);
        s->master = close_fd(s->master);
        if (s->event)
                client_detach(&s->c->client);
        s->event = sd_event_unref(s->event);
        free(s->process);
        s->process = NULL;
}
