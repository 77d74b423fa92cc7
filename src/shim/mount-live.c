/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* supervisor                 worker: host's root, in a     helper: guest's root, in the guest's
 *                            copy of the host's mounts     mount namespace
 *   forks -----------------> opens the source
 *                            forks ----------------------> LAUNCH_TARGET ..: as at a start
 *   <-- the mount, or why not
 *
 * Both children are in the host's pid namespace: the guest does not see them, and ends without
 * them. */
#include "shim/mount-live.h"

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

#define DEADLINE_USEC      20000000ULL
#define FILL_DEADLINE_USEC 600000000ULL /* with a volume that is to be filled */

/* ---- the children ---- */

_noreturn_ static void help(const Start *st, int leader)
{
        Failure f = {0};

        int r = setns(leader, CLONE_NEWUSER | CLONE_NEWNS) < 0 ? -errno : start_become_root();
        /* after the last change of credentials, which would reset it */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        r = r < 0 ? r : start_serve_shares(st, &f);
        if (r < 0) {
                (void)failure_set(&f, FAULT_FAILED, r, "enter", st->args->name);
                (void)send(st->sock[1], &f, sizeof(f), MSG_NOSIGNAL);
        }
        _exit(0);
}

static int mount_it(Start *st, int leader, Failure *f)
{
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, st->sock) < 0)
                return failure_set(f, FAULT_FAILED, errno, "make", "socket");
        st->run.pid = process_clone(CLONE_FILES, -EBADF, &st->run.pidfd);
        if (st->run.pid == 0)
                help(st, leader);
        if (st->run.pid < 0)
                return failure_set(f, FAULT_FAILED, (int)st->run.pid, "fork", "");
        int r = shares_mount(st, f);
        r = r < 0 ? r : start_tell(st, LAUNCH_SHARED, f);
        (void)process_signal(st->run.pidfd, SIGKILL);
        return r;
}

static int prepare_and_mount(Shim *s, Mounts *mounts, Failure *f)
{
        LaunchArgs args = {
                .plan = s->plan,
                .n_plan = s->n_plan,
                .name = s->name,
                .signals = s->signals,
                .mounts = mounts,
        };
        Start st = {.args = &args, .mounts = mounts};
        PlanStep step = {0};

        leader_init(&st.run);
        int r = start_copy_mounts(f);
        if (r < 0)
                return r;
        (void)plan_find(s->plan, s->n_plan, PLAN_USERNS, &step);
        st.uid_base = (uint32_t)step.a;
        st.userns = userns_open(s->leader.pid);
        if (st.userns < 0)
                return failure_set(f, FAULT_NOT_RUNNING, st.userns, "enter", s->name);
        r = shares_open(&st, f);
        return r < 0 ? r : mount_it(&st, s->leader.pidfd, f);
}

_noreturn_ static void work(Shim *s, int result)
{
        Mounts mounts = {.plan = s->mounting.plan, .n_plan = s->mounting.n_plan};
        FrameWriter w = {0};
        Failure f = {0};

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        int r = prepare_and_mount(s, &mounts, &f);
        frame_begin(&w, r < 0 || mounts.n_pins != 1 ? FRAME_ERROR : FRAME_DONE, 0);
        if (r >= 0 && mounts.n_pins == 1)
                frame_add_fd(&w, mounts.pins[0]);
        else {
                bool is_start = f.code == FAULT_START_FAILED || f.code == FAULT_EXEC_FAILED;

                (void)failure_set(&f, FAULT_FAILED, r, "mount in", s->name);
                frame_add_number(&w, FRAME_CODE, is_start ? FAULT_FAILED : f.code);
                frame_add_number(&w, FRAME_ERRNO, (uint64_t)f.error);
                frame_add_string(&w, FRAME_MESSAGE, failure_message(&f));
        }
        (void)frame_send(result, &w);
        _exit(0);
}

/* ---- the supervisor ---- */

static bool fills(const void *plan, size_t n_plan)
{
        PlanStep s;

        return plan_find(plan, n_plan, PLAN_SHARE, &s) && s.flags & PLAN_FILL;
}

/* Return: is it one step that we mount? */
static bool is_sound(const void *plan, size_t n_plan)
{
        PlanStep s;
        size_t n = 0;

        PLAN_FOREACH (&s, plan, n_plan)
                if (!mounts_is_one(&s) || n++ > 0)
                        return false;
        return n == 1;
}

static void done(MountLive *l)
{
        (void)close_fd(l->result);
        (void)close_fd(l->pidfd);
        free(l->plan);
        *l = (MountLive){.pidfd = -EBADF, .result = -EBADF, .link = -EBADF};
}

/* Not where what exec starts is born. Whoever could not be born there again must not be born. */
static pid_t fork_worker(Shim *s, int result)
{
        _cleanup_close_ int pidns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);

        if (pidns < 0 || setns(pidns, CLONE_NEWPID) < 0)
                return -errno;
        pid_t pid = process_clone(0, -EBADF, &s->mounting.pidfd);
        if (pid == 0)
                work(s, result);
        if (setns(s->leader.pidfd, CLONE_NEWPID) < 0)
                (void)process_signal(s->leader.pidfd, SIGKILL);
        return pid;
}

int mount_live_start(Shim *s, int link, uint64_t serial, const void *plan, size_t n_plan,
                     Fault *reterr)
{
        MountLive l = {.pidfd = -EBADF, .result = -EBADF, .link = link, .serial = serial};
        int sock[2];

        if (s->mounting.pid > 0)
                return fault_set(reterr, FAULT_BUSY, EBUSY,
                                 "something is being mounted in machine '%s' already", s->name);
        if (!is_sound(plan, n_plan))
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "malformed request");
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) < 0)
                return -errno;
        l.result = sock[0];
        l.plan = malloc(n_plan);
        l.n_plan = n_plan;
        l.deadline_usec = now_usec(CLOCK_MONOTONIC) +
                          (fills(plan, n_plan) ? FILL_DEADLINE_USEC : DEADLINE_USEC);
        if (l.plan)
                memcpy(l.plan, plan, n_plan);
        s->mounting = l;
        s->mounting.pid = l.plan ? fork_worker(s, sock[1]) : -ENOMEM;
        (void)close(sock[1]);
        if (s->mounting.pid > 0)
                return 0;
        int r = (int)s->mounting.pid;
        done(&s->mounting);
        return fault_set(reterr, FAULT_FAILED, r, "cannot mount in machine '%s': %s", s->name,
                         strerror(-r));
}

/* Whoever asks meanwhile for the state is told the new one. */
static int take_result(Shim *s, Frame *f, Fault *reterr)
{
        MountLive *l = &s->mounting;
        Failure failure = {0};

        if (f->type != FRAME_DONE || f->n_fds != 1)
                return frame_fault(f, reterr);
        int r = mounts_add(&s->mounts, l->plan, l->n_plan, TAKE_FD(f->fds[0]), s->leader.pidfd,
                           &failure);
        link_send_state(s);
        return r < 0 ? fault_set(reterr, FAULT_FAILED, r, "out of memory") : 0;
}

static void answer(Shim *s, int r, const Fault *f)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        MountLive *l = &s->mounting;

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

        (void)process_signal(s->mounting.pidfd, SIGKILL);
        int r = fault_set(&f, FAULT_TIMED_OUT, ETIMEDOUT,
                          "the mount in machine '%s' was given up: a file system on the way, the "
                          "machine's or the source's, does not answer",
                          s->name);
        answer(s, r, &f);
        s->mounting.deadline_usec = UINT64_MAX;
}

void mount_live_check(Shim *s)
{
        _cleanup_fault_ Fault fault = {0};
        _cleanup_frame_ Frame f = {0};
        MountLive *l = &s->mounting;
        struct pollfd p = {.fd = l->result, .events = POLLIN};

        if (l->pid <= 0)
                return;
        if (poll(&p, 1, 0) <= 0) {
                if (mount_live_timeout(s) == 0)
                        give_up(s);
                return;
        }
        int r = frame_receive(l->result, &f);
        r = r > 0 ? take_result(s, &f, &fault)
                  : fault_set(&fault, FAULT_FAILED, ECHILD,
                              "the mount in machine '%s' came to nothing: its worker was killed",
                              s->name);
        answer(s, r, &fault);
        while (waitid(P_PIDFD, (id_t)l->pidfd, &(siginfo_t){0}, WEXITED) < 0 && errno == EINTR)
                ;
        done(l);
}

void mount_live_abort(Shim *s)
{
        _cleanup_fault_ Fault f = {0};
        MountLive *l = &s->mounting;
        int status, sig;

        if (l->pid <= 0)
                return;
        (void)process_signal(l->pidfd, SIGKILL);
        int r = fault_set(&f, FAULT_NOT_RUNNING, ESRCH,
                          "machine '%s' ended before anything was mounted in it", s->name);
        answer(s, r, &f);
        /* one that hangs in a file system of the host's is left to systemd */
        (void)process_reap(l->pidfd, &status, &sig);
        done(l);
}

uint64_t mount_live_timeout(const Shim *s)
{
        const MountLive *l = &s->mounting;
        uint64_t now = now_usec(CLOCK_MONOTONIC);

        if (l->pid <= 0 || l->deadline_usec == UINT64_MAX)
                return UINT64_MAX;
        return l->deadline_usec > now ? l->deadline_usec - now : 0;
}

void mount_live_forget_link(Shim *s, int link)
{
        if (s->mounting.link == link)
                s->mounting.link = -EBADF;
}
