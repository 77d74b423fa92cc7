/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/io.h"
#include "shim/shim.h"
#include "sys/cgroup.h"
#include "sys/process.h"

#include <signal.h>

#define CLIENT_GRACE_USEC 1000000ULL
#define RETRY_USEC        10000ULL
/* How long we wait for a PID 1 that has no handler to install one. A handler-less SIGTERM would end
 * any other process at once; only as PID 1 it is lost. */
#define GRACE_USEC     300000ULL
#define GRACE_NEW_USEC 1000000ULL /* since its start */

static void plan_stop(const Shim *s, int *ret_signal, uint64_t *ret_timeout)
{
        PlanStep step = {.a = SIGTERM, .b = 90000000};

        (void)plan_find(s->plan, s->n_plan, PLAN_STOP, &step);
        *ret_signal = (int)step.a;
        *ret_timeout = step.b;
}

static void tell_systemd(uint64_t timeout)
{
        char state[80];

        if (timeout > UINT64_MAX / 2)
                (void)snprintf(state, sizeof(state), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%llu",
                               86400000000ULL * 365);
        else
                (void)snprintf(state, sizeof(state), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%llu",
                               (unsigned long long)timeout + 10000000);
        notify_systemd(state);
}

/* PID 1 is to end: the rest is up to stop_tick(). */
static void begin(Shim *s, uint64_t deadline_usec)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC);

        s->stop = (Stop){
                .requested = true,
                .sent = s->stop.sent, /* one that is being restarted need not hear it again */
                .since_usec = now,
                .deadline_usec = deadline_usec,
        };
        pause_end(s); /* so that PID 1 can do what the signal says */
        /* PID 1 may be blocked on output that a client of ours does not read, and must be able to
         * end */
        s->output.patience_usec = now + CLIENT_GRACE_USEC;
}

void stop_restart(Shim *s)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC), planned;
        int sig;

        if (s->stop.requested)
                return;
        plan_stop(s, &sig, &planned);
        begin(s, planned >= UINT64_MAX - now ? UINT64_MAX : now + planned);
        s->stop.restart = true;
}

void stop_request(Shim *s, uint64_t timeout_usec)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC), planned;
        int sig;

        plan_stop(s, &sig, &planned);
        if (timeout_usec == UINT64_MAX)
                timeout_usec = planned;
        uint64_t deadline = timeout_usec >= UINT64_MAX - now ? UINT64_MAX : now + timeout_usec;
        if (s->stop.requested && !s->stop.restart) {
                if (deadline < s->stop.deadline_usec)
                        s->stop.deadline_usec = deadline;
                return;
        }
        begin(s, deadline);
        s->state = SHIM_STOPPING;
        link_send_state(s);
        tell_systemd(timeout_usec);
}

static bool grace_is_over(const Shim *s, int sig, uint64_t now)
{
        /* any other signal was chosen for a program that is known to handle it: it may still be
         * booting */
        return sig == SIGTERM && now >= s->stop.since_usec + GRACE_USEC &&
               now >= s->launched_usec + GRACE_NEW_USEC;
}

uint64_t stop_tick(Shim *s)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC), planned;
        int sig;

        if (!s->stop.requested || s->leader.pidfd < 0)
                return UINT64_MAX;
        if (now >= s->stop.deadline_usec) {
                s->stop.timed_out = true;
                (void)cgroup_kill(s->payload_cgroup);
                (void)process_signal(s->leader.pidfd,
                                     SIGKILL); /* also where cgroup.kill is missing */
                return UINT64_MAX;
        }
        uint64_t left =
                s->stop.deadline_usec == UINT64_MAX ? UINT64_MAX : s->stop.deadline_usec - now;
        if (s->stop.sent)
                return left;
        plan_stop(s, &sig, &planned);
        int r = process_handles_signal(s->leader.pid, sig);
        if (r > 0 || (r == 0 && grace_is_over(s, sig, now))) {
                s->stop.sent = true;
                (void)process_signal(s->leader.pidfd, r > 0 ? sig : SIGKILL);
                return left;
        }
        return left < RETRY_USEC ? left : RETRY_USEC;
}
