/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/guest-work.h"

#include "base/io.h"
#include "base/text.h"
#include "shim/shim.h"
#include "shim/start-child.h"
#include "sys/process.h"
#include "sys/userns.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* ---- the child ---- */

int guest_work_enter(int leader)
{
        int r = setns(leader, CLONE_NEWUSER | CLONE_NEWNS) < 0 ? -errno : credentials_become_root();

        /* after the last change of credentials, which would reset it */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        return r;
}

void guest_work_fail(const Shim *s, FrameWriter *w, int r, Failure *f)
{
        bool is_start = f->code == FAULT_START_FAILED || f->code == FAULT_EXEC_FAILED;

        (void)failure_set(f, FAULT_FAILED, r, "change", s->name);
        frame_begin(w, FRAME_ERROR, 0);
        frame_add_number(w, FRAME_CODE, is_start ? FAULT_FAILED : f->code);
        frame_add_number(w, FRAME_ERRNO, (uint64_t)f->error);
        frame_add_string(w, FRAME_MESSAGE, failure_message(f));
}

/* ---- the supervisor ---- */

static void done(GuestWork *l)
{
        (void)close_fd(l->result);
        (void)close_fd(l->pidfd);
        free(l->plan);
        *l = GUEST_WORK_NONE;
}

/* Not where what exec starts is born. Whoever could not be born there again must not be born. */
static pid_t fork_worker(Shim *s, int result)
{
        _cleanup_close_ int pidns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);

        if (pidns < 0 || setns(pidns, CLONE_NEWPID) < 0)
                return -errno;
        pid_t pid = process_clone(0, -EBADF, &s->work.pidfd);
        if (pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
                s->work.kind->work(s, result);
        }
        if (setns(s->leader.pidfd, CLONE_NEWPID) < 0)
                (void)process_signal(s->leader.pidfd, SIGKILL);
        return pid;
}

int guest_work_start(Shim *s, const GuestWork *work, Fault *reterr)
{
        GuestWork l = *work;
        int sock[2];

        if (s->work.pid > 0)
                return fault_set(reterr, FAULT_BUSY, EBUSY,
                                 "%s in machine '%s' is not done yet; try again in a moment",
                                 s->work.kind->what, s->name);
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) < 0)
                return -errno;
        l.pidfd = -EBADF;
        l.result = sock[0];
        l.plan = malloc(l.n_plan);
        l.deadline_usec += now_usec(CLOCK_MONOTONIC);
        if (l.plan)
                memcpy(l.plan, work->plan, l.n_plan);
        s->work = l;
        s->work.pid = l.plan ? fork_worker(s, sock[1]) : -ENOMEM;
        (void)close(sock[1]);
        if (s->work.pid > 0)
                return 0;
        int r = (int)s->work.pid;
        done(&s->work);
        return fault_set(reterr, FAULT_FAILED, r, "cannot begin %s in machine '%s': %s",
                         l.kind->what, s->name, strerror(-r));
}

static void answer(Shim *s, int r, const Fault *f)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        GuestWork *l = &s->work;

        if (l->link >= 0 && r < 0)
                link_reply_error(s, l->link, l->serial, f);
        else if (l->link >= 0) {
                frame_begin(&w, FRAME_DONE, l->serial);
                (void)frame_send(l->link, &w);
        }
        l->link = -EBADF;
}

/* It cannot be waited for: the guest has it. */
static void give_up(Shim *s)
{
        _cleanup_fault_ Fault f = {0};

        (void)process_signal(s->work.pidfd, SIGKILL);
        int r = fault_set(
                &f, FAULT_TIMED_OUT, ETIMEDOUT,
                "%s in machine '%s' was given up: a file system on the way, the machine's "
                "or another, does not answer",
                s->work.kind->what, s->name);
        answer(s, r, &f);
        s->work.deadline_usec = UINT64_MAX;
}

void guest_work_check(Shim *s)
{
        _cleanup_fault_ Fault fault = {0};
        _cleanup_frame_ Frame f = {0};
        GuestWork *l = &s->work;
        struct pollfd p = {.fd = l->result, .events = POLLIN};

        if (l->pid <= 0)
                return;
        if (poll(&p, 1, 0) <= 0) {
                if (guest_work_timeout(s) == 0)
                        give_up(s);
                return;
        }
        int r = frame_receive(l->result, &f);
        if (r <= 0)
                r = fault_set(&fault, FAULT_FAILED, ECHILD,
                              "%s in machine '%s' came to nothing: its worker was killed",
                              l->kind->what, s->name);
        else if (f.type != FRAME_DONE)
                r = frame_fault(&f, &fault);
        else
                r = l->kind->take ? l->kind->take(s, &f, &fault) : 0;
        answer(s, r, &fault);
        while (waitid(P_PIDFD, (id_t)l->pidfd, &(siginfo_t){0}, WEXITED) < 0 && errno == EINTR)
                ;
        done(l);
}

void guest_work_abort(Shim *s)
{
        _cleanup_fault_ Fault f = {0};
        GuestWork *l = &s->work;
        int status, sig;

        if (l->pid <= 0)
                return;
        (void)process_signal(l->pidfd, SIGKILL);
        int r = fault_set(&f, FAULT_NOT_RUNNING, ESRCH,
                          "machine '%s' ended before %s was done in it", s->name, l->kind->what);
        answer(s, r, &f);
        /* one that hangs in a file system of the host's is left to systemd */
        (void)process_reap(l->pidfd, &status, &sig);
        done(l);
}

uint64_t guest_work_timeout(const Shim *s)
{
        const GuestWork *l = &s->work;
        uint64_t now = now_usec(CLOCK_MONOTONIC);

        if (l->pid <= 0 || l->deadline_usec == UINT64_MAX)
                return UINT64_MAX;
        return l->deadline_usec > now ? l->deadline_usec - now : 0;
}

void guest_work_forget_link(Shim *s, int link)
{
        if (s->work.link == link)
                s->work.link = -EBADF;
}
