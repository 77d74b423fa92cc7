/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pausing: the payload's cgroup is frozen, and with it whatever PID 1 and exec have started.
 * SIGKILL gets through to what is frozen; every other signal waits. */
#include "base/io.h"
#include "base/text.h"
#include "shim/shim.h"
#include "sys/cgroup.h"

#include <string.h>

/* A process freezes on its way back from the kernel; one that hangs in there does not. */
#define FREEZE_TIMEOUT_USEC 5000000ULL

/* All who wait. */
static void answer(Shim *s, const Fault *fault)
{
        size_t n = s->pause.n_waiters;

        s->pause.n_waiters = 0;
        for (size_t i = 0; i < n; i++) {
                _cleanup_frame_writer_ FrameWriter w = {0};
                const PauseWaiter *waiter = &s->pause.waiters[i];

                if (fault) {
                        link_reply_error(s, waiter->link, waiter->serial, fault);
                        continue;
                }
                frame_begin(&w, FRAME_DONE, waiter->serial);
                (void)frame_send(waiter->link, &w);
        }
}

static void tell_systemd(const Shim *s)
{
        char line[NOTIFY_STATUS_MAX + 16];

        (void)snprintf(line, sizeof(line), "STATUS=%s",
                       s->pause.since_usec ? "Paused" : s->status_text);
        notify_systemd(line);
}

/* Those who wait still do, and nobody holds it any more. */
static void thaw(Shim *s)
{
        (void)cgroup_freeze(s->payload_cgroup, false);
        s->pause.events = close_fd(s->pause.events);
        s->pause.wanted = s->pause.is_asked = false;
        s->pause.since_usec = 0;
        s->pause.n_holds = 0;
}

static bool is_unwanted(const Shim *s)
{
        return s->pause.wanted && s->pause.n_holds == 0 && !s->pause.is_asked;
}

void pause_check(Shim *s)
{
        _cleanup_fault_ Fault fault = {0};

        if (is_unwanted(s))
                pause_end(s);
        if (!s->pause.wanted || s->pause.since_usec)
                return;
        int r = cgroup_events_frozen(s->pause.events);
        if (r > 0) {
                s->pause.since_usec = now_usec(CLOCK_REALTIME);
                s->pause.events = close_fd(s->pause.events);
                ready_paused(s);
                link_send_state(s); /* first: who asked finds it paused */
                tell_systemd(s);
                answer(s, NULL);
                return;
        }
        if (r == 0 && now_usec(CLOCK_MONOTONIC) < s->pause.deadline_usec)
                return;
        thaw(s);
        (void)fault_set(&fault, r < 0 ? FAULT_FAILED : FAULT_TIMED_OUT, r < 0 ? r : ETIMEDOUT,
                        "machine '%s' cannot be paused: %s", s->name,
                        r < 0 ? strerror(-r)
                              : "one of its processes hangs in the kernel, and it runs on");
        answer(s, &fault);
}

uint64_t pause_timeout(const Shim *s)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC);

        if (is_unwanted(s))
                return 0;
        if (!s->pause.wanted || s->pause.since_usec)
                return UINT64_MAX;
        return s->pause.deadline_usec > now ? s->pause.deadline_usec - now : 0;
}

static int check_may_pause(const Shim *s, Fault *reterr)
{
        if (s->leader.pidfd < 0)
                return fault_set(reterr, FAULT_NOT_RUNNING, 0, "machine '%s' does not run",
                                 s->name);
        if (s->stop.requested)
                return fault_set(reterr, FAULT_BUSY, 0, "machine '%s' is being stopped", s->name);
        if (s->pause.n_waiters == ELEMENTSOF(s->pause.waiters))
                return fault_set(reterr, FAULT_BUSY, 0, "machine '%s' is being paused already",
                                 s->name);
        return 0;
}

static int freeze(Shim *s)
{
        int events = cgroup_open_events(s->payload_cgroup);

        if (events < 0)
                return events;
        s->pause.events = events;
        s->pause.wanted = true;
        s->pause.deadline_usec = now_usec(CLOCK_MONOTONIC) + FREEZE_TIMEOUT_USEC;
        int r = cgroup_freeze(s->payload_cgroup, true);
        if (r < 0)
                thaw(s);
        return r;
}

/* Return: 0; negative errno, which @link has been told. */
static int begin(Shim *s, int link, uint64_t serial)
{
        _cleanup_fault_ Fault fault = {0};
        int r = check_may_pause(s, &fault);

        if (r >= 0 && !s->pause.wanted) {
                r = freeze(s);
                if (r < 0)
                        (void)fault_set(&fault, FAULT_FAILED, r,
                                        "machine '%s' cannot be paused: %s", s->name, strerror(-r));
        }
        if (r < 0) {
                link_reply_error(s, link, serial, &fault);
                return r;
        }
        s->pause.waiters[s->pause.n_waiters++] = (PauseWaiter){link, serial};
        return 0;
}

static void answer_if_paused(Shim *s)
{
        if (s->pause.since_usec) /* it is paused: that is what was asked for */
                answer(s, NULL);
        else
                pause_check(s);
}

void pause_begin(Shim *s, int link, uint64_t serial)
{
        if (begin(s, link, serial) < 0)
                return;
        s->pause.is_asked = true;
        answer_if_paused(s);
}

void pause_hold(Shim *s, int link, uint64_t serial, uint64_t id)
{
        _cleanup_fault_ Fault fault = {0};

        if (s->pause.n_holds == ELEMENTSOF(s->pause.holds)) {
                (void)fault_set(&fault, FAULT_BUSY, 0,
                                "machine '%s' is paused for too many others already", s->name);
                link_reply_error(s, link, serial, &fault);
                return;
        }
        if (begin(s, link, serial) < 0)
                return;
        s->pause.holds[s->pause.n_holds++] = (PauseHold){id, link};
        answer_if_paused(s);
}

/* ---- the end of it ---- */

void pause_end(Shim *s)
{
        _cleanup_fault_ Fault fault = {0};
        bool was_paused = s->pause.since_usec != 0;

        if (!s->pause.wanted)
                return;
        thaw(s);
        (void)fault_set(&fault, FAULT_CANCELLED, ECANCELED,
                        "machine '%s' was resumed or stopped before it was paused", s->name);
        answer(s, &fault);
        health_resumed(s);
        ready_resumed(s);
        if (was_paused) {
                link_send_state(s);
                tell_systemd(s);
        }
}

int pause_resume(Shim *s, Fault *reterr)
{
        if (s->pause.n_holds > 0)
                return fault_set(reterr, FAULT_BUSY, EBUSY,
                                 "machine '%s' is paused for a job that reads what it has written: "
                                 "wait until that has ended, or cancel it",
                                 s->name);
        pause_end(s);
        return 0;
}

static void drop_hold(Shim *s, size_t i)
{
        s->pause.holds[i] = s->pause.holds[--s->pause.n_holds];
}

void pause_release(Shim *s, uint64_t id)
{
        for (size_t i = s->pause.n_holds; i > 0; i--)
                if (s->pause.holds[i - 1].id == id)
                        drop_hold(s, i - 1);
        if (is_unwanted(s))
                pause_end(s);
}

/* Nobody is told here, where links are being closed: pause_check() does the rest. */
void pause_forget_link(Shim *s, int link)
{
        Pause *p = &s->pause;
        size_t n = 0;

        for (size_t i = 0; i < p->n_waiters; i++)
                if (p->waiters[i].link != link)
                        p->waiters[n++] = p->waiters[i];
        p->n_waiters = n;
        for (size_t i = p->n_holds; i > 0; i--)
                if (p->holds[i - 1].link == link)
                        drop_hold(s, i - 1);
}
