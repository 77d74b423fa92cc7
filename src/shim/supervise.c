/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "shim/machined.h"
#include "shim/shim.h"
#include "shim/upper.h"
#include "sys/cgroup.h"
#include "sys/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define POLL_EXEC_MAX        (SHIM_PROCESSES_MAX + EXEC_OUTPUT_POLL_MAX)
#define POLL_MAX             (8 + SHIM_LINKS_MAX + OUTPUT_POLL_MAX + POLL_EXEC_MAX)
#define CLIENT_PATIENCE_USEC 5000000ULL
#define STATUS_INTERVAL_USEC 250000ULL
#define NOTIFY_BATCH         64

typedef enum End { END_STOPPED, END_REBOOT } End;

/* systemd and lodged hear of the guest's text four times a second at most. */
static void tell_status(Shim *s)
{
        char line[NOTIFY_STATUS_MAX + 16];

        s->status_told_usec = now_usec(CLOCK_MONOTONIC);
        s->status_is_news = false;
        (void)snprintf(line, sizeof(line), "STATUS=%s", s->status_text);
        notify_systemd(line);
        link_send_state(s);
}

/* µs until tell_status() is due; UINT64_MAX: there is nothing to tell. */
static uint64_t status_timeout(const Shim *s)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC), due = s->status_told_usec + STATUS_INTERVAL_USEC;

        if (!s->status_is_news)
                return UINT64_MAX;
        return due > now ? due - now : 0;
}

/* A few at a time: a guest that never ceases to talk must not keep us from anything else. */
static void handle_notify(Shim *s)
{
        char status[NOTIFY_STATUS_MAX];
        bool ready, is_ready = false;
        int r;

        for (int i = 0; i < NOTIFY_BATCH; i++) {
                r = notify_receive(s->notify, s->leader.pid, &ready, status);
                if (r < 0)
                        break;
                if (r == 0)
                        continue;
                is_ready = is_ready || ready;
                if (status[0] && !streq(status, s->status_text)) {
                        memcpy(s->status_text, status, sizeof(status));
                        s->status_is_news = true;
                }
        }
        if (is_ready)
                ready_note(s, PLAN_READY_NOTIFY);
}

/* systemd-machined ends what it takes for a machine's remains when PID 1 has ended; but this may be
 * a reboot from inside, or an end that was not asked for. A PID 1 that it does not know, or that
 * has ended, is not what it means. */
static bool means_earlier_leader(const Shim *s, const struct signalfd_siginfo *si)
{
        struct pollfd p = {.fd = s->leader.pidfd, .events = POLLIN};

        return machined_sent(si) && (!s->introduced || poll(&p, 1, 0) != 0);
}

void supervise_signals(Shim *s)
{
        struct signalfd_siginfo si;

        while (read(s->signals, &si, sizeof(si)) == sizeof(si))
                if ((si.ssi_signo == SIGTERM || si.ssi_signo == SIGINT) &&
                    !means_earlier_leader(s, &si))
                        stop_request(s, UINT64_MAX);
}

static void wait_for_events(Shim *s, uint64_t timeout_usec)
{
        struct pollfd p[POLL_MAX];
        size_t n = 0, links;

        p[n++] = (struct pollfd){.fd = s->leader.pidfd, .events = POLLIN};
        p[n++] = (struct pollfd){.fd = s->signals, .events = POLLIN};
        p[n++] = (struct pollfd){.fd = s->notify, .events = POLLIN};
        p[n++] = (struct pollfd){.fd = s->control, .events = POLLIN};
        p[n++] = (struct pollfd){.fd = oom_descriptor(s), .events = POLLPRI};
        if (s->pause.events >= 0) /* which tells so by POLLPRI */
                p[n++] = (struct pollfd){.fd = s->pause.events, .events = POLLPRI};
        p[n++] = (struct pollfd){.fd = s->work.result, .events = POLLIN};
        if (s->health.output >= 0)
                p[n++] = (struct pollfd){.fd = s->health.output, .events = POLLIN};
        links = n;
        for (size_t i = 0; i < s->n_links; i++)
                p[n++] = (struct pollfd){.fd = s->links[i], .events = POLLIN};
        for (size_t i = 0; i < s->n_processes; i++)
                if (s->processes[i].errors >= 0)
                        p[n++] = (struct pollfd){.fd = s->processes[i].errors, .events = POLLIN};
        n += output_poll(&s->output, p + n);
        n += exec_outputs_poll(&s->outputs, p + n);

        int timeout = timeout_usec / 1000 >= INT32_MAX ? -1 : (int)((timeout_usec + 999) / 1000);
        if (poll(p, n, timeout) < 0) /* 0: output_pump() may still have a client to drop */
                return;
        if (p[1].revents)
                supervise_signals(s);
        if (p[2].revents)
                handle_notify(s);
        for (size_t i = s->n_links; i > 0;
             i--) /* backwards: a broken one is replaced by the last */
                if (p[links + i - 1].revents)
                        link_dispatch(s, i - 1);
        if (p[3].revents)
                link_accept(s);
        if (p[4].revents)
                oom_noticed(s);
        exec_check(s);
        oom_check(s);
        pause_check(s);
        guest_work_check(s);
        health_check(s);
        ready_check(s);
        (void)output_pump(&s->output);
        (void)exec_outputs_pump(&s->outputs, &s->output.journal);
}

/* All that PID 1 left behind dies with its pid namespace, but the kernel takes a moment over it. */
static void collect_payload(Shim *s)
{
        for (int i = 0; i < 2000 && (!health_end(s) || s->n_processes > 0 ||
                                     cgroup_is_populated(s->payload_cgroup) == 1);
             i++) {
                (void)cgroup_kill(s->payload_cgroup);
                (void)usleep(i < 20 ? 100 : 1000);
                exec_check(s);
        }
}

static char *health_message(const Shim *s)
{
        char *message;

        return asprintf(&message, "Its health check failed %u times in a row: %s", s->health.streak,
                        s->health.told) < 0
                       ? NULL
                       : message;
}

static const char *classify(const Shim *s, int sig)
{
        if (s->health.gave_up)
                return EXIT_CAUSE_UNHEALTHY;
        if (s->stop.requested)
                return s->stop.timed_out ? EXIT_CAUSE_TIMEOUT : EXIT_CAUSE_STOPPED;
        if (sig == SIGINT) /* reboot(2) in a pid namespace: how halt and poweroff end its init */
                return EXIT_CAUSE_SHUTDOWN;
        if (sig == SIGKILL && oom_kills(s) > 0)
                return EXIT_CAUSE_OOM;
        return sig ? EXIT_CAUSE_KILLED : EXIT_CAUSE_EXITED;
}

/* PID 1 runs; returns when it has ended. */
static End run_leader(Shim *s, ExitRecord *ret)
{
        int status = 0, sig = 0;

        while (process_reap(s->leader.pidfd, &status, &sig) == 0) {
                if (status_timeout(s) == 0)
                        tell_status(s);
                uint64_t timeout = MIN2(stop_tick(s), output_timeout(&s->output));
                timeout = MIN2(timeout, pause_timeout(s));
                timeout = MIN2(timeout, guest_work_timeout(s));
                timeout = MIN2(timeout, health_timeout(s));
                timeout = MIN2(timeout, ready_timeout(s));
                timeout = MIN2(timeout, oom_timeout(s));
                wait_for_events(s, MIN2(timeout, status_timeout(s)));
        }
        pause_end(s);
        collect_payload(s);
        ready_ended(s);
        network_detach(&s->network);
        output_finish(&s->output, CLIENT_PATIENCE_USEC);
        exec_outputs_finish(&s->outputs, &s->output.journal);
        if (s->stop.restart || (sig == SIGHUP && !s->stop.requested)) {
                if (s->stop.restart) {
                        s->stop = (Stop){0};
                        s->output.patience_usec = 0;
                }
                return END_REBOOT;
        }
        free(ret->cause);
        ret->cause = strdup(classify(s, sig));
        if (s->health.gave_up)
                ret->message = health_message(s);
        /* a PID 1 has no other end by SIGINT than reboot(2): it has ended well, and said nothing
         * else */
        ret->status = sig == SIGINT ? 0 : status;
        ret->signal = sig == SIGINT ? 0 : sig;
        ready_end(s, ret);
        return END_STOPPED;
}

static int start_leader(Shim *s, Failure *f)
{
        LaunchArgs a = {
                .plan = s->plan,
                .n_plan = s->n_plan,
                .files = s->files,
                .n_files = s->n_files,
                .name = s->name,
                .signals = s->signals,
                .notify = s->notify_path,
                .images = s->images,
                .locks = &s->locks,
                .mounts = &s->mounts,
                .network = &s->network,
                .is_reboot = s->boot_count > 0,
        };
        PlanStep step = {0};

        s->state = SHIM_STARTING;
        s->introduced = false;
        s->ready_usec = 0;
        s->status_text[0] = '\0';
        s->status_is_news = false;
        (void)plan_find(s->plan, s->n_plan, PLAN_USERNS, &step);
        int r = cgroup_remove(s->unit_cgroup, "payload");
        s->payload_cgroup = r < 0 ? r : cgroup_create(s->unit_cgroup, "payload", (uid_t)step.a);
        if (s->payload_cgroup < 0)
                return failure_set(f, FAULT_START_FAILED, s->payload_cgroup, "make cgroup",
                                   "payload");
        a.payload_cgroup = s->payload_cgroup;
        oom_begin(s);
        journal_begin_boot(&s->output.journal, s->boot_count + 1);
        r = launch(&a, &s->leader, f);
        if (r < 0)
                return r;
        s->boot_count++;
        s->started_usec = now_usec(CLOCK_REALTIME);
        s->launched_usec = now_usec(CLOCK_MONOTONIC);
        s->state = SHIM_RUNNING;
        health_begin(s);
        ready_begin(s);
        return 0;
}

static void drop_layer(Shim *s, PlanOp wanted_by)
{
        PlanStep step;

        if (!plan_find(s->plan, s->n_plan, wanted_by, &step) || !(step.flags & PLAN_FRESH))
                return;
        int r = upper_drop(s->plan, s->n_plan);
        if (r < 0)
                (void)fprintf(stderr, "<4>cannot drop the writable layer of '%s': %s, ignoring\n",
                              s->name, strerror(-r));
}

static void leave(Shim *s)
{
        if (s->payload_cgroup >= 0) {
                (void)cgroup_kill(s->payload_cgroup);
                (void)cgroup_remove(s->unit_cgroup,
                                    "payload"); /* else systemd does, with the unit's */
        }
        guest_work_abort(s);
        oom_end(s);
        mounts_unpin(&s->mounts);
        network_detach(&s->network);
        s->payload_cgroup = close_fd(s->payload_cgroup);
        leader_done(&s->leader);
}

/* How it ends must be tellable: else it does not begin. */
static int reserve_record(const Shim *s, Failure *f)
{
        _cleanup_close_ int dir = open(LODGE_RUNTIME_EXITS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = dir < 0 ? -errno : exit_record_reserve(dir, s->name);

        return r < 0 ? failure_set(f, FAULT_NO_SPACE, r,
                                   "reserve the record of the machine's end in",
                                   LODGE_RUNTIME_EXITS)
                     : 0;
}

static int record_failure(Shim *s, const Failure *f, ExitRecord *ret)
{
        bool stopped =
                f->code == FAULT_CANCELLED; /* asked for, so no failure of the unit's either */

        free(ret->cause);
        ret->cause = strdup(stopped ? EXIT_CAUSE_STOPPED : EXIT_CAUSE_FAILED);
        if (stopped)
                return 0;
        s->failure = f->code;
        ret->phase = strdup(f->phase);
        ret->object = strdup(f->object);
        ret->message = failure_message(f);
        ret->error = f->error;
        ret->status = f->code == FAULT_COMMAND_NOT_FOUND ? 127
                      : f->code == FAULT_EXEC_FAILED     ? 126
                                                         : -1;
        return -f->error;
}

int supervise(Shim *s, int attach[static 3], ExitRecord *ret)
{
        Failure f = {0};
        End end;

        if (reserve_record(s, &f) < 0)
                return record_failure(s, &f, ret);
        s->output.leader = &s->leader;
        if (attach[0] >= 0 || attach[1] >= 0 || attach[2] >= 0)
                (void)output_attach(&s->output, attach); /* the first one: there is room */
        do {
                int r = start_leader(s, &f);
                if (r < 0) {
                        leave(s);
                        drop_layer(s, PLAN_UPPER);
                        return record_failure(s, &f, ret);
                }
                ready_tell(s);
                end = run_leader(s, ret);
                leave(s);
                drop_layer(s, end == END_REBOOT ? PLAN_REBOOT : PLAN_UPPER);
        } while (end == END_REBOOT);
        return 0;
}
