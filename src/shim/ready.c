/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the machine is ready, and who has to know: lodged always, systemd where somebody has
 * asked for that (PLAN_START_TIMEOUT); else its unit is active as soon as PID 1 runs. */
#include "base/io.h"
#include "base/text.h"
#include "shim/shim.h"

#include <string.h>

/* The kernel tells nobody that a socket listens: we look, less often the longer it takes. */
#define LOOK_MIN_USEC 2000ULL
#define LOOK_MAX_USEC 250000ULL
#define LOOK_FRACTION 8 /* of the time that has passed */
/* Beyond our own deadline, so that it is us who tell what has failed. */
#define SYSTEMD_GRACE_USEC   15000000ULL
#define SYSTEMD_FOREVER_USEC (86400000000ULL * 365)

static PlanStep plan_ready(const Shim *s)
{
        PlanStep step = {.a = PLAN_READY_STARTED, .s = "started"};

        (void)plan_find(s->plan, s->n_plan, PLAN_READY, &step);
        return step;
}

/* Return: is the unit to wait? */
static bool plan_timeout(const Shim *s, uint64_t *ret)
{
        PlanStep step = {0};
        bool found = plan_find(s->plan, s->n_plan, PLAN_START_TIMEOUT, &step);

        *ret = step.a;
        return found;
}

static bool is_awaited(const Shim *s)
{
        return s->state == SHIM_RUNNING && s->leader.pidfd >= 0 && !s->stop.requested;
}

static bool looks_at_port(const Shim *s)
{
        PlanStep step = plan_ready(s);

        return is_awaited(s) && !s->pause.wanted &&
               (step.a == PLAN_READY_TCP || step.a == PLAN_READY_UDP);
}

static void set_deadline(Shim *s)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC), timeout;

        s->ready.deadline_usec = UINT64_MAX;
        if (plan_timeout(s, &timeout) && timeout < UINT64_MAX - now)
                s->ready.deadline_usec = now + timeout;
}

static void extend_systemd(uint64_t timeout_usec)
{
        char line[64];
        uint64_t usec = timeout_usec >= SYSTEMD_FOREVER_USEC ? SYSTEMD_FOREVER_USEC
                                                             : timeout_usec + SYSTEMD_GRACE_USEC;

        (void)snprintf(line, sizeof(line), "EXTEND_TIMEOUT_USEC=%llu", (unsigned long long)usec);
        notify_systemd(line);
}

static void tell_systemd(Shim *s)
{
        char line[NOTIFY_STATUS_MAX + 32];

        if (s->ready.is_told)
                return;
        s->ready.is_told = true;
        (void)snprintf(line, sizeof(line), "READY=1\nSTATUS=%s", s->status_text);
        notify_systemd(line);
}

static void reached(Shim *s)
{
        if (s->state != SHIM_RUNNING)
                return;
        s->state = SHIM_READY;
        s->ready_usec = now_usec(CLOCK_REALTIME);
        netlink_close(&s->ready.sockets);
}

void ready_begin(Shim *s)
{
        s->ready.next_usec = 0;
        if (s->boot_count == 1)
                set_deadline(s);
        if (plan_ready(s).a == PLAN_READY_STARTED)
                reached(s);
}

void ready_tell(Shim *s)
{
        char line[NOTIFY_STATUS_MAX];
        uint64_t timeout;

        link_send_state(s); /* first: who learns from systemd that it runs asks us what it is */
        if (s->ready.is_told)
                return;
        if (s->state == SHIM_READY || !plan_timeout(s, &timeout)) {
                tell_systemd(s);
                return;
        }
        extend_systemd(timeout);
        (void)snprintf(line, sizeof(line), "STATUS=Not ready yet: %s", plan_ready(s).s);
        notify_systemd(line);
}

void ready_note(Shim *s, PlanReady what)
{
        if (s->state != SHIM_RUNNING || plan_ready(s).a != what)
                return;
        reached(s);
        link_send_state(s);
        tell_systemd(s);
}

static int look_at_port(Shim *s)
{
        PlanStep step = plan_ready(s), ids = {0};

        (void)plan_find(s->plan, s->n_plan, PLAN_USERNS, &ids);
        if (s->ready.sockets.fd < 0) {
                int r = sock_diag_open(s->leader.pidfd, &s->ready.sockets);
                if (r < 0)
                        return r == -ESRCH ? 0 : r;
        }
        const SockDiagQuery query = {
                .udp = step.a == PLAN_READY_UDP,
                .port = (uint16_t)step.b,
                .first_uid = (uint32_t)ids.a,
                .n_uids = (uint32_t)ids.b,
        };
        return sock_diag_listens(&s->ready.sockets, &query);
}

static void give_up(Shim *s, int error)
{
        s->ready.error = error;
        stop_request(s, UINT64_MAX);
}

void ready_check(Shim *s)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC);

        if (!is_awaited(s) || s->pause.wanted)
                return;
        if (looks_at_port(s) && now >= s->ready.next_usec) {
                int r = look_at_port(s);

                if (r > 0) {
                        ready_note(s, (PlanReady)plan_ready(s).a);
                        return;
                }
                if (r < 0) {
                        give_up(s, -r);
                        return;
                }
                uint64_t wait = (now - s->launched_usec) / LOOK_FRACTION;
                s->ready.next_usec =
                        now + (wait < LOOK_MIN_USEC ? LOOK_MIN_USEC : MIN2(wait, LOOK_MAX_USEC));
        }
        if (!s->ready.is_told && now >= s->ready.deadline_usec)
                give_up(s, ETIMEDOUT);
}

uint64_t ready_timeout(const Shim *s)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC), due = UINT64_MAX;

        if (!is_awaited(s) || s->pause.wanted)
                return UINT64_MAX;
        if (looks_at_port(s))
                due = s->ready.next_usec;
        if (!s->ready.is_told)
                due = MIN2(due, s->ready.deadline_usec);
        if (due == UINT64_MAX)
                return UINT64_MAX;
        return due > now ? due - now : 0;
}

void ready_paused(Shim *s)
{
        if (!s->ready.is_told)
                extend_systemd(UINT64_MAX);
}

void ready_resumed(Shim *s)
{
        if (!s->ready.is_told)
                set_deadline(s);
}

void ready_ended(Shim *s)
{
        netlink_close(&s->ready.sockets);
}

/* ---- the end of one that never was ---- */

static const char *what_is_missing(PlanReady kind)
{
        switch (kind) {
        case PLAN_READY_NOTIFY: return "it has not said READY=1";
        case PLAN_READY_HEALTHY: return "no health check has succeeded";
        default: return "nothing in it listens there";
        }
}

static char *why_given_up(const Shim *s)
{
        PlanStep step = plan_ready(s);
        uint64_t timeout;
        char *text = NULL;
        int r;

        (void)plan_timeout(s, &timeout);
        if (s->ready.error == ETIMEDOUT)
                r = asprintf(&text, "not ready within %llu%s: it is by ReadyWhen=%s, and %s",
                             (unsigned long long)timeout / (timeout % 1000000 ? 1000 : 1000000),
                             timeout % 1000000 ? "ms" : "s", step.s,
                             what_is_missing((PlanReady)step.a));
        else
                r = asprintf(&text, "cannot see whether it is ready by ReadyWhen=%s: %s", step.s,
                             strerror(s->ready.error));
        return r < 0 ? NULL : text;
}

static void record_failure(Shim *s, ExitRecord *ret)
{
        free(ret->cause);
        *ret = (ExitRecord){
                .cause = strdup(EXIT_CAUSE_FAILED),
                .phase = strdup("ready"),
                .object = strdup(plan_ready(s).s),
                .message = why_given_up(s),
                .error = s->ready.error,
                .status = -1,
        };
        s->failure = s->ready.error == ETIMEDOUT ? FAULT_TIMED_OUT : FAULT_START_FAILED;
}

static char *how_ended(const Shim *s, const ExitRecord *record)
{
        const char *word = plan_ready(s).s;
        char *text = NULL, name[16];
        int r;

        if (streq(record->cause, EXIT_CAUSE_KILLED))
                r = asprintf(&text,
                             "PID 1 was ended by signal %s before it was ready by ReadyWhen=%s",
                             signal_name(record->signal, name), word);
        else if (streq(record->cause, EXIT_CAUSE_EXITED))
                r = asprintf(&text,
                             "PID 1 exited with status %d before it was ready by ReadyWhen=%s",
                             record->status, word);
        else
                return NULL;
        return r < 0 ? NULL : text;
}

void ready_end(Shim *s, ExitRecord *record)
{
        if (s->ready.is_told)
                return;
        if (s->ready.error)
                record_failure(s, record);
        else if (s->stop.requested && !s->health.gave_up)
                tell_systemd(s); /* for which a start that ends well by itself has failed */
        else if (!record->message)
                record->message = how_ended(s, record);
}
