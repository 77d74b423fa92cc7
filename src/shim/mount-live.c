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

        int r = guest_work_enter(leader);

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
        Mounts mounts = {.plan = s->work.plan, .n_plan = s->work.n_plan};
        FrameWriter w = {0};
        Failure f = {0};

        int r = prepare_and_mount(s, &mounts, &f);
        if (r >= 0 && mounts.n_pins == 1) {
                frame_begin(&w, FRAME_DONE, 0);
                frame_add_fd(&w, mounts.pins[0]);
        } else
                guest_work_fail(s, &w, r, &f);
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

/* Whoever asks meanwhile for the state is told the new one. */
static int take_mount(Shim *s, Frame *f, Fault *reterr)
{
        Failure failure = {0};

        if (f->n_fds != 1)
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "malformed answer");
        int r = mounts_add(&s->mounts, s->work.plan, s->work.n_plan, TAKE_FD(f->fds[0]),
                           s->leader.pidfd, &failure);
        link_send_state(s);
        return r < 0 ? fault_set(reterr, FAULT_FAILED, r, "out of memory") : 0;
}

int mount_live_start(Shim *s, int link, uint64_t serial, const void *plan, size_t n_plan,
                     Fault *reterr)
{
        static const GuestWorkKind kind = {"the mount", work, take_mount};

        if (!is_sound(plan, n_plan))
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "malformed request");
        return guest_work_start(
                s,
                &(GuestWork){
                        .kind = &kind,
                        .link = link,
                        .serial = serial,
                        .plan = (char *)plan,
                        .n_plan = n_plan,
                        .deadline_usec = fills(plan, n_plan) ? FILL_DEADLINE_USEC : DEADLINE_USEC,
                },
                reterr);
}
