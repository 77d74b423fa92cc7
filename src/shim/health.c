/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The health check: a program of the guest that is run now and then beside PID 1, in a cgroup of
 * its own, so that one that hangs or forks goes with all that it has started. A machine without one
 * costs nothing. As Docker does: the time between two is from the end of one to the start of the
 * next, what fails in the start period does not count. */
#include "base/io.h"
#include "base/text.h"
#include "shim/shim.h"
#include "sys/cgroup.h"
#include "sys/process.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

/* Until it is healthy, for those who wait for that. */
#define STARTING_INTERVAL_USEC 5000000ULL
#define RETRY_USEC             1000000ULL
/* A few at a time: a check that never ceases to print must not keep us from anything else. */
#define READ_MAX 16

static const void *steps(const Shim *s, size_t *ret_n)
{
        *ret_n = s->health_plan ? s->n_health_plan : s->n_plan;
        return s->health_plan ?: s->plan;
}

static bool plan_health(const Shim *s, PlanOp op, PlanStep *ret)
{
        size_t n;
        const void *plan = steps(s, &n);

        return plan_find(plan, n, op, ret);
}

static uint64_t later(uint64_t now, uint64_t usec)
{
        return usec >= UINT64_MAX - now ? UINT64_MAX : now + usec;
}

static bool may_run(const Shim *s)
{
        return s->health.state != SHIM_HEALTH_NONE && s->leader.pidfd >= 0 && !s->stop.requested &&
               !s->pause.wanted && !s->health.gave_up;
}

void health_begin(Shim *s)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC);
        PlanStep step;

        s->health = (Health){.pidfd = -EBADF, .output = -EBADF, .cgroup = -EBADF};
        if (!plan_health(s, PLAN_HEALTH, &step))
                return;
        s->health.state = SHIM_HEALTH_STARTING;
        s->health.begun_usec = s->health.next_usec = now;
}

/* ---- one check ---- */

static char **arguments(const Shim *s)
{
        char **argv = NULL;
        PlanStep step;
        size_t n;
        const void *plan = steps(s, &n);

        PLAN_FOREACH (&step, plan, n)
                if (step.op == PLAN_HEALTH_ARG && strv_push(&argv, step.s) < 0) {
                        strv_free(argv);
                        return NULL;
                }
        return argv;
}

/* As the user and in the directory of the machine's own command. */
_noreturn_ static void become_check(const Shim *s, char *const *argv, int null, int output)
{
        PlanStep user = {0}, directory = {0};
        Failure failure = {0};

        (void)plan_find(s->plan, s->n_plan, PLAN_USER, &user);
        (void)plan_find(s->plan, s->n_plan, PLAN_CHDIR, &directory);
        PayloadArgs a = {
                .plan = s->plan,
                .n_plan = s->n_plan,
                .argv = argv,
                .user = user.s,
                .cwd = directory.s,
                .stdio = {null, output, output},
        };
        exec_inside(s, &a, &failure);
        _cleanup_free_ char *message = failure_message(&failure);
        if (message)
                (void)!write(output, message, strlen(message));
        _exit(126);
}

/* A new one for each: Linux 6.18 kills at birth what clone3() puts into a cgroup whose cgroup.kill
 * was used before and the parent's not. */
static int new_cgroup(const Shim *s)
{
        int r = cgroup_remove(s->payload_cgroup, "health");

        return r < 0 ? r : cgroup_open_child(s->payload_cgroup, "health");
}

static int start_check(Shim *s)
{
        _cleanup_strv_free_ char **argv = arguments(s);
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        _cleanup_close_ int cgroup = new_cgroup(s);
        int ends[2], pidfd = -EBADF;

        if (!argv || null < 0 || cgroup < 0)
                return !argv ? -ENOMEM : cgroup < 0 ? cgroup : -errno;
        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        pid_t pid = process_clone(0, cgroup, &pidfd);
        if (pid == 0)
                become_check(s, argv, null, ends[1]);
        (void)close(ends[1]);
        if (pid < 0) {
                (void)close(ends[0]);
                return (int)pid;
        }
        (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
        s->health.pidfd = pidfd;
        s->health.output = ends[0];
        s->health.cgroup = TAKE_FD(cgroup);
        s->health.timed_out = s->health.is_dropped = false;
        s->health.n_text = 0;
        return 0;
}

/* The end of it is what says why. */
static void keep(Health *h, const char *bytes, size_t n)
{
        size_t room = sizeof(h->text) - 1;

        if (n > room) {
                bytes += n - room;
                n = room;
        }
        if (h->n_text + n > room) {
                size_t drop = h->n_text + n - room;

                memmove(h->text, h->text + drop, h->n_text - drop);
                h->n_text -= drop;
        }
        memcpy(h->text + h->n_text, bytes, n);
        h->n_text += n;
}

static void read_output(Health *h)
{
        char buf[4096];

        for (int i = 0; i < READ_MAX && h->output >= 0; i++) {
                ssize_t n = read(h->output, buf, sizeof(buf));

                if (n < 0 && (errno == EAGAIN || errno == EINTR))
                        return;
                if (n <= 0)
                        h->output = close_fd(h->output);
                else
                        keep(h, buf, (size_t)n);
        }
}

static void forget_check(Health *h)
{
        h->pidfd = close_fd(h->pidfd);
        h->output = close_fd(h->output);
        h->cgroup = close_fd(h->cgroup);
}

/* ---- what it comes to ---- */

static void note_text(Health *h, int status)
{
        _cleanup_free_ char *clean = NULL;

        h->text[h->n_text] = '\0';
        while (h->n_text > 0 && strchr(" \t\r\n", h->text[h->n_text - 1]))
                h->text[--h->n_text] = '\0';
        clean = text_for_display(h->text, sizeof(h->told) - 1);
        if (h->timed_out)
                (void)snprintf(h->told, sizeof(h->told), "It did not end in time and was killed");
        else if (status != 0 && (!clean || !*clean))
                (void)snprintf(h->told, sizeof(h->told), "It ended with exit status %d", status);
        else
                (void)snprintf(h->told, sizeof(h->told), "%s", clean ?: "");
}

static void act(Shim *s)
{
        PlanStep step = {0};

        (void)plan_health(s, PLAN_HEALTH_ACTION, &step);
        switch ((PlanHealthAction)step.a) {
        case PLAN_HEALTH_RESTART: stop_restart(s); break;
        case PLAN_HEALTH_STOP:
                s->health.gave_up = true;
                stop_request(s, UINT64_MAX);
                break;
        case PLAN_HEALTH_KILL:
                s->health.gave_up = true;
                (void)cgroup_kill(s->payload_cgroup);
                (void)process_signal(s->leader.pidfd, SIGKILL); /* where cgroup.kill is missing */
                break;
        case PLAN_HEALTH_NONE: break;
        }
}

static uint64_t interval(const Shim *s)
{
        PlanStep times = {0};

        (void)plan_health(s, PLAN_HEALTH, &times);
        return s->health.state == SHIM_HEALTH_STARTING ? MIN2(times.a, STARTING_INTERVAL_USEC)
                                                       : times.a;
}

static void judge(Shim *s, int status)
{
        PlanStep limit = {.b = 1};
        Health *h = &s->health;
        ShimHealth before = h->state;
        uint64_t now = now_usec(CLOCK_MONOTONIC);

        (void)plan_health(s, PLAN_HEALTH_LIMIT, &limit);
        bool may_fail = before == SHIM_HEALTH_STARTING && now < later(h->begun_usec, limit.a);
        if (status == 0) {
                h->streak = 0;
                h->state = SHIM_HEALTH_HEALTHY;
        } else if (!may_fail && ++h->streak >= limit.b)
                h->state = SHIM_HEALTH_UNHEALTHY;
        h->next_usec = later(now, interval(s));
        if (status == 0 && before == SHIM_HEALTH_HEALTHY)
                return; /* nobody is woken up for what is as before */
        note_text(h, status);
        link_send_state(s);
        if (status == 0)
                ready_note(s, PLAN_READY_HEALTHY);
        if (h->state == SHIM_HEALTH_UNHEALTHY && before != SHIM_HEALTH_UNHEALTHY)
                act(s);
}

static void reap_check(Shim *s)
{
        Health *h = &s->health;
        int status = 0, sig = 0;

        if (process_reap(h->pidfd, &status, &sig) == 0)
                return;
        (void)cgroup_kill(h->cgroup); /* what it has left behind */
        read_output(h);
        bool counts = may_run(s) && !h->is_dropped;
        forget_check(h);
        (void)cgroup_remove(s->payload_cgroup, "health"); /* else the next one does */
        if (counts)
                judge(s, h->timed_out ? 137 : status);
}

void health_check(Shim *s)
{
        Health *h = &s->health;
        uint64_t now = now_usec(CLOCK_MONOTONIC);
        PlanStep step = {0};

        read_output(h);
        if (h->pidfd >= 0) {
                if (now >= h->deadline_usec && may_run(s) && !h->timed_out) {
                        h->timed_out = true;
                        (void)cgroup_kill(h->cgroup);
                        (void)process_signal(h->pidfd, SIGKILL);
                }
                reap_check(s);
                return;
        }
        if (!may_run(s) || now < h->next_usec)
                return;
        (void)plan_health(s, PLAN_HEALTH, &step);
        h->deadline_usec = later(now, step.b);
        if (start_check(s) < 0) /* our lack, not the guest's */
                h->next_usec = later(now, RETRY_USEC);
}

/* ---- another check ---- */

static void drop_check(Health *h)
{
        if (h->pidfd < 0)
                return;
        h->is_dropped = true;
        (void)cgroup_kill(h->cgroup);
        (void)process_signal(h->pidfd, SIGKILL);
}

/* What the one before has said says nothing about this one. */
static void begin_anew(Shim *s, bool has_check)
{
        Health *h = &s->health;

        drop_check(h);
        h->state = has_check ? SHIM_HEALTH_STARTING : SHIM_HEALTH_NONE;
        h->streak = 0;
        h->told[0] = '\0';
        h->begun_usec = s->launched_usec;
        h->next_usec = now_usec(CLOCK_MONOTONIC);
        link_send_state(s);
}

void health_apply(Shim *s, void *plan, size_t n_plan)
{
        _cleanup_strv_free_ char **before = arguments(s), **after = NULL;
        PlanStep step;

        if (s->health_plan)
                (void)munmap(s->health_plan, s->n_health_plan);
        s->health_plan = plan;
        s->n_health_plan = n_plan;
        after = arguments(s);
        if (s->health.gave_up)
                return;
        if (!strv_equal(before, after))
                begin_anew(s, plan_health(s, PLAN_HEALTH, &step));
        else if (s->health.pidfd < 0)
                s->health.next_usec =
                        MIN2(s->health.next_usec, later(now_usec(CLOCK_MONOTONIC), interval(s)));
}

uint64_t health_timeout(const Shim *s)
{
        const Health *h = &s->health;
        uint64_t now = now_usec(CLOCK_MONOTONIC),
                 due = h->pidfd < 0 ? h->next_usec : h->deadline_usec;

        if (!may_run(s) || (h->timed_out && h->pidfd >= 0) || due == UINT64_MAX)
                return UINT64_MAX;
        return due > now ? due - now : 0;
}

void health_resumed(Shim *s)
{
        PlanStep step = {0};

        if (s->health.pidfd >= 0 && plan_health(s, PLAN_HEALTH, &step))
                s->health.deadline_usec = later(now_usec(CLOCK_MONOTONIC), step.b);
}

bool health_end(Shim *s)
{
        Health *h = &s->health;
        int status = 0, sig = 0;

        if (h->pidfd < 0)
                return true;
        (void)cgroup_kill(h->cgroup);
        (void)process_signal(h->pidfd, SIGKILL);
        if (process_reap(h->pidfd, &status, &sig) == 0)
                return false;
        forget_check(h);
        return true;
}
