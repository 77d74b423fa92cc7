/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process that becomes PID 1: root of its user namespace, nobody outside. */
#include "shim/start-child.h"

#include "shim/overlay.h"
#include "shim/payload.h"
#include "shim/target.h"
#include "sys/beneath.h"
#include "sys/mountfd.h"
#include "sys/process.h"
#include "sys/rtnetlink.h"
#include "sys/terminal.h"
#include "sys/userns.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static int tell(const Start *st, LaunchMessage m)
{
        return send(st->sock[1], &m, sizeof(m), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int await(const Start *st, LaunchMessageKind kind)
{
        LaunchMessage m = {0};

        return recv(st->sock[1], &m, sizeof(m), 0) == (ssize_t)sizeof(m) && m.kind == kind ? 0
                                                                                           : -EPIPE;
}

int start_serve_shares(const Start *st, Failure *f)
{
        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        LaunchMessage m;
        int r = root < 0 ? -errno : 0;

        while (r >= 0) {
                if (recv(st->sock[1], &m, sizeof(m), 0) != (ssize_t)sizeof(m))
                        return -EPIPE;
                if (m.kind == LAUNCH_SHARED)
                        return 0;
                r = target_serve(st, root, &m, f);
                r = r < 0 ? r : tell(st, m);
        }
        return r;
}

static int mount_root(Start *st, Failure *f)
{
        OverlayArgs a = {
                .plan = st->args->plan,
                .n_plan = st->args->n_plan,
                .files = st->args->files,
                .n_files = st->args->n_files,
                .layers = &st->layers,
                .upper = &st->upper,
        };
        int fd = overlay_mount(&a, f);

        return fd < 0 ? fd : tell(st, (LaunchMessage){.kind = LAUNCH_ROOT, .fd = fd});
}

/* /dev/console is the terminal itself, bound over an empty file: also for programs that open it
 * anew. */
static int bind_console(int root, int slave)
{
        _cleanup_close_ int fd = mountfd_clone(slave, "", 0);

        return fd < 0 ? fd : stage_attach_file(root, "/dev/console", fd);
}

static int open_terminal(Start *st, int root, int pts, LaunchMessage *m, Failure *f)
{
        PlanStep s;

        if (!plan_find(st->args->plan, st->args->n_plan, PLAN_TERMINAL, &s))
                return 0;
        int r = terminal_open(pts, 0, (uint16_t)s.a, (uint16_t)s.b, &m->slave);
        if (r < 0)
                return failure_set(f, FAULT_START_FAILED, r, "open", "terminal");
        m->terminal = r;
        for (int i = 0; i < 3; i++)
                st->child_stdio[i] = m->slave;
        r = bind_console(root, m->slave);
        return r < 0 ? failure_set(f, FAULT_START_FAILED, r, "mount", "/dev/console") : 0;
}

/* In mount and cgroup namespaces of our own. They belong to our user namespace, that before did
 * not: so the mounts made until now are locked, and what covers /proc stays. Source:
 * mount_namespaces(7), "Restrictions". */
static int enter_own_namespaces(Start *st, Failure *f)
{
        if (unshare(CLONE_NEWNS | CLONE_NEWCGROUP) < 0 || mountns_propagation(MS_SHARED) < 0)
                return failure_set(f, FAULT_START_FAILED, errno, "create", "mount namespace");
        return 0;
}

/* While the shim has more to do than we. */
static int bring_up_loopback(const Start *st, Failure *f)
{
        int r = st->has_netns ? rtnetlink_up_loopback() : 0;

        return r < 0 ? failure_set(f, FAULT_START_FAILED, r, "bring up", "loopback interface") : 0;
}

static int furnish(Start *st, LaunchMessage *m, Failure *f)
{
        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        StageContext c = {
                .plan = st->args->plan,
                .n_plan = st->args->n_plan,
                .root = root,
                .mask_file = -EBADF,
                .mask_directory = -EBADF,
                .leader_pidfd = -EBADF,
                .binds = st->binds,
        };

        int r = stage_execute(&c, PLAN_STAGE_INNER, f);
        if (r < 0)
                return r;
        if (c.pts < 0)
                return failure_set(f, FAULT_START_FAILED, EPROTO, "use", "plan without devpts");
        m->fd = c.pts;
        return open_terminal(st, root, c.pts, m, f);
}

static int become(Start *st, LaunchMessage m, Failure *f)
{
        PayloadArgs a = {
                .plan = st->args->plan,
                .n_plan = st->args->n_plan,
                .leader = true,
                .terminal = st->has_terminal,
                .stdio = {st->child_stdio[0], st->child_stdio[1], st->child_stdio[2]},
        };

        /* the table was the shim's too; from here on it is ours alone, and the shim closes in its
         * own what is ours, the other end of our socket above all */
        if (unshare(CLONE_FILES) < 0)
                return failure_set(f, FAULT_START_FAILED, errno, "unshare", "descriptors");
        (void)close(st->sock[0]);
        process_call_reap(); /* PID 1 will not know of them */
        int r = tell(st, m);
        if (r < 0)
                return r;
        return payload_exec(&a, f);
}

void start_child(Start *st)
{
        LaunchMessage m = {.kind = LAUNCH_FURNISHED, .terminal = -EBADF, .slave = -EBADF};
        Failure f = {0};

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        int r = await(st, LAUNCH_MAPPED);
        r = r < 0 ? r : credentials_become_root();
        r = r < 0 ? r : mount_root(st, &f);
        r = r < 0 ? r : bring_up_loopback(st, &f);
        r = r < 0 ? r : await(st, LAUNCH_PIVOTED);
        r = r < 0 ? r : enter_own_namespaces(st, &f);
        r = r < 0 ? r : start_serve_shares(st, &f);
        r = r < 0 ? r : furnish(st, &m, &f);
        if (r >= 0 && network_has_links(st->args->network))
                r = await(st, LAUNCH_CONNECTED);
        r = r < 0 ? r : become(st, m, &f);
        (void)failure_set(&f, FAULT_START_FAILED, r, "start", "PID 1"); /* if nobody said more */
        (void)send(st->sock[1], &f, sizeof(f), MSG_NOSIGNAL);
        _exit(1);
}
