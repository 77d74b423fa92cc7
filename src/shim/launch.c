/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/launch.h"

#include "base/names.h"
#include "base/text.h"
#include "shim/images.h"
#include "shim/rlimit.h"
#include "shim/root.h"
#include "shim/start-child.h"
#include "sys/cgroup.h"
#include "sys/mountfd.h"
#include "sys/process.h"
#include "sys/userns.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

void leader_init(Leader *l)
{
        *l = (Leader){
                .pidfd = -EBADF,
                .pts = -EBADF,
                .terminal = -EBADF,
                .slave = -EBADF,
                .in = -EBADF,
                .out = -EBADF,
                .err = -EBADF,
        };
}

void leader_done(Leader *l)
{
        int *fds[] = {&l->pidfd, &l->pts, &l->terminal, &l->slave, &l->in, &l->out, &l->err};

        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                *fds[i] = close_fd(*fds[i]);
        leader_init(l);
}

/* PLAN_STAGE_HOST: everything that a path of the host leads to is opened here, and no path later.
 */
static int open_sources(Start *st, Failure *f)
{
        PlanStep s;

        st->notify = mountfd_clone(AT_FDCWD, st->args->notify, 0);
        if (st->notify < 0)
                return failure_set(f, FAULT_START_FAILED, st->notify, "open", st->args->notify);
        PLAN_FOREACH (&s, st->args->plan, st->args->n_plan) {
                if (s.op == PLAN_USR_FD) {
                        st->usr = images_copy(st->args->images, (unsigned)s.a);
                        if (st->usr < 0)
                                return failure_set(f, FAULT_START_FAILED, st->usr,
                                                   "use the mount of", s.s);
                } else if (s.op == PLAN_BIND) {
                        if (st->n_binds >= STAGE_BINDS_MAX)
                                return failure_set(f, FAULT_START_FAILED, E2BIG, "bind", s.s);
                        st->binds[st->n_binds++] = mountfd_clone(AT_FDCWD, s.s, 1);
                } else if (s.op == PLAN_RLIMIT && s.stage == PLAN_STAGE_HOST) {
                        int r = rlimit_raise(&s);
                        if (r < 0)
                                return rlimit_failed(&s, r, f);
                } else if (s.op == PLAN_USERNS)
                        st->uid_base = (uint32_t)s.a;
                else if (s.op == PLAN_NETNS)
                        st->has_netns = s.a;
                else if (s.op == PLAN_NETNS_PATH) {
                        st->own_netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
                        st->netns = open(s.s, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
                        if (st->own_netns < 0 || st->netns < 0)
                                return failure_set(f, FAULT_START_FAILED, errno,
                                                   "open network namespace", s.s);
                }
        }
        int r = layers_open(&st->layers, st->args->locks, st->args->images, st->args->plan,
                            st->args->n_plan, f);
        r = r < 0 ? r
                  : upper_open(st->args->plan, st->args->n_plan, st->args->is_reboot, st->uid_base,
                               &st->upper, f);
        r = r < 0 ? r : upper_lock(st->args->plan, st->args->n_plan, st->args->locks, f);
        return r < 0 ? r : shares_open(st, f);
}

/* Return: whether to give up. */
static bool is_stopped(const LaunchArgs *a)
{
        struct signalfd_siginfo si;

        /* at a reboot, systemd-machined may take the end of the PID 1 before for that of the
         * machine (see machined.h); who else is not systemd cannot be told from here */
        return read(a->signals, &si, sizeof(si)) == sizeof(si) && si.ssi_signo == SIGTERM &&
               !(a->is_reboot && si.ssi_pid > 1);
}

/* Waits for a message of the child; a Failure is one too, and the end of the file. */
static int wait_child(Start *st, LaunchMessage *ret, Failure *f)
{
        struct pollfd p[] = {
                {.fd = st->sock[0], .events = POLLIN},
                {.fd = st->args->signals, .events = POLLIN},
                {.fd = st->run.pidfd, .events = POLLIN},
        };
        union {
                LaunchMessage message;
                Failure failure;
        } buf;

        for (;;) {
                if (poll(p, ELEMENTSOF(p), -1) < 0 && errno != EINTR)
                        return failure_set(f, FAULT_START_FAILED, errno, "wait for", "child");
                if (p[0].revents)
                        break;
                if (p[1].revents && is_stopped(st->args))
                        return failure_reason(f, FAULT_CANCELLED, ECANCELED, "start",
                                              "stopped before it had started");
                if (p[2].revents && poll(p, 1, 0) == 0) /* killed, without a last word */
                        return 0;
        }
        ssize_t n = recv(st->sock[0], &buf, sizeof(buf), 0);
        if (n == (ssize_t)sizeof(Failure)) {
                *f = buf.failure;
                return -(f->error ?: EIO);
        }
        if (n == (ssize_t)sizeof(LaunchMessage)) {
                *ret = buf.message;
                return 1;
        }
        return 0; /* the program runs, or the child was killed: the caller knows which it can be */
}

/* "slave" would do for us, but the guest's root must not be anybody's slave. */
int start_copy_mounts(Failure *f)
{
        return unshare(CLONE_NEWNS) < 0 || mountns_propagation(MS_PRIVATE) < 0
                       ? failure_set(f, FAULT_START_FAILED, errno, "copy", "mount namespace")
                       : 0;
}

int start_tell(Start *st, LaunchMessageKind kind, Failure *f)
{
        LaunchMessage m = {.kind = kind};

        return send(st->sock[0], &m, sizeof(m), MSG_NOSIGNAL) < 0
                       ? failure_set(f, FAULT_START_FAILED, errno, "start", "child")
                       : 0;
}

int start_expect(Start *st, LaunchMessageKind kind, LaunchMessage *ret, Failure *f)
{
        int r = wait_child(st, ret, f);

        if (r < 0)
                return r;
        if (r == 0 || ret->kind != kind)
                return failure_set(f, FAULT_START_FAILED, ECHILD, "start", "child that was killed");
        return 0;
}

/* A child that fails takes our helpers in its pid namespace along: then it knows why, and we do
 * not.
 */
static int ask_child_why(Start *st, int r, Failure *f)
{
        Failure told;

        if (recv(st->sock[0], &told, sizeof(told), MSG_DONTWAIT) != (ssize_t)sizeof(told))
                return r;
        *f = told;
        return -(f->error ?: EIO);
}

static int map_ids(Start *st, pid_t pid, Failure *f)
{
        const LaunchArgs *a = st->args;
        PlanStep s;

        if (!plan_find(a->plan, a->n_plan, PLAN_USERNS, &s))
                return failure_set(f, FAULT_START_FAILED, EPROTO, "use",
                                   "plan without user namespace");
        int r = userns_map(pid, (uint32_t)s.a, (uint32_t)s.b);
        st->userns = r < 0 ? r : userns_open(pid);
        if (st->userns < 0)
                return failure_set(f, FAULT_START_FAILED, st->userns, "map the ids of",
                                   "user namespace");
        r = layers_map(&st->layers, st->userns, a->plan, a->n_plan, f);
        r = r < 0 ? r : upper_map(&st->upper, st->userns, a->plan, a->n_plan, f);
        if (r < 0 || st->usr < 0)
                return r;
        return layers_map_usr(st->usr, st->userns, f);
}

static int make_stdio(Start *st, Failure *f)
{
        int p[3][2];
        PlanStep s;

        st->has_terminal = plan_find(st->args->plan, st->args->n_plan, PLAN_TERMINAL, &s);
        if (st->has_terminal)
                return 0;
        for (int i = 0; i < 3; i++) {
                if (pipe2(p[i], O_CLOEXEC) < 0)
                        return failure_set(f, FAULT_START_FAILED, errno, "make", "pipe");
                int ours = i == 0 ? 1 : 0;
                int *end[] = {&st->run.in, &st->run.out, &st->run.err};

                *end[i] = p[i][ours];
                st->child_stdio[i] = p[i][!ours];
                (void)fcntl(p[i][ours], F_SETFL, O_NONBLOCK);
        }
        return 0;
}

/* While the child mounts the rest. */
static int connect_network(Start *st, Failure *f)
{
        if (!network_has_links(st->args->network))
                return 0;
        int r = network_attach(st->args->network, st->args->name, st->run.pidfd, f);
        return r < 0 ? r : start_tell(st, LAUNCH_CONNECTED, f);
}

/* What is left to mount takes the host's /proc. */
static int leave_root(Start *st, Failure *f)
{
        if (!mounts_are_some(st->mounts))
                return 0;
        return setns(st->mountns, CLONE_NEWNS) < 0 ? failure_set(f, FAULT_START_FAILED, errno,
                                                                 "enter", "host's mount namespace")
                                                   : start_copy_mounts(f);
}

static int converse(Start *st, Failure *f)
{
        _cleanup_scratch_ Scratch scratch = {-EBADF, -EBADF, -EBADF, -EBADF};
        LaunchMessage m = {0};

        int r = map_ids(st, st->run.pid, f);
        r = r < 0 ? r : start_tell(st, LAUNCH_MAPPED, f);
        if (r < 0)
                return r;
        /* from here on our children are born in the guest's pid namespace: the helper that mounts
         * its proc, and all that exec starts */
        r = setns(st->run.pidfd, CLONE_NEWPID) < 0
                    ? failure_set(f, FAULT_START_FAILED, errno, "enter", "pid namespace")
                    : root_prepare(st, &scratch, f);
        r = r < 0 ? ask_child_why(st, r, f) : start_expect(st, LAUNCH_ROOT, &m, f);
        if (r < 0)
                return r;
        r = root_enter(st, &scratch, m.fd, f);
        (void)close(m.fd);
        if (r < 0)
                return r;
        r = start_tell(st, LAUNCH_PIVOTED, f);
        r = r < 0 ? r : leave_root(st, f);
        r = r < 0 ? r : shares_mount(st, f);
        r = r < 0 ? r : start_tell(st, LAUNCH_SHARED, f);
        r = r < 0 ? r : connect_network(st, f);
        r = r < 0 ? r : start_expect(st, LAUNCH_FURNISHED, &m, f);
        if (r < 0)
                return r;
        st->run.pts = m.fd;
        st->run.terminal = m.terminal;
        st->run.slave = m.slave;
        st->sock[1] = close_fd(st->sock[1]); /* or we would never see the child close it */
        r = wait_child(st, &m, f);
        return r > 0 ? failure_set(f, FAULT_START_FAILED, EPROTO, "start", "child") : r;
}

/* Only the child is to be in another network namespace, but it is the parent who may go there: the
 * child's user namespace has no power over it, nor has the guest later. */
static int enter_netns(Start *st, int netns, Failure *f)
{
        PlanStep s;

        if (st->netns < 0 || setns(netns, CLONE_NEWNET) >= 0)
                return 0;
        int r = -errno;
        (void)plan_find(st->args->plan, st->args->n_plan, PLAN_NETNS_PATH, &s);
        return failure_set(f, FAULT_START_FAILED, r, "enter network namespace", s.s);
}

static int spawn(Start *st, Failure *f)
{
        uint64_t flags = CLONE_FILES | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
                         (st->has_netns ? CLONE_NEWNET : 0);

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, st->sock) < 0)
                return failure_set(f, FAULT_START_FAILED, errno, "make", "socket");
        int r = make_stdio(st, f);
        if (r < 0)
                return r;
        r = enter_netns(st, st->netns, f);
        if (r < 0)
                return r;
        st->run.pid = process_clone(flags, st->args->payload_cgroup, &st->run.pidfd);
        if (st->run.pid == 0)
                start_child(st); /* does not return */
        r = enter_netns(st, st->own_netns, f);
        if (r < 0)
                return r;
        if (st->run.pid < 0)
                return failure_set(f, FAULT_START_FAILED, st->run.pid, "create namespaces for",
                                   st->args->name);
        return 0;
}

static void start_done(Start *st)
{
        layers_done(&st->layers);
        shares_close(st);
        for (size_t i = 0; i < st->n_binds; i++)
                (void)close_fd(st->binds[i]);
        for (size_t i = 0; i < 3; i++)
                (void)close_fd(st->child_stdio[i]);
        (void)close_fd(st->upper.fd);
        (void)close_fd(st->userns);
        (void)close_fd(st->usr);
        (void)close_fd(st->netns);
        (void)close_fd(st->own_netns);
        (void)close_fd(st->notify);
        (void)close_fd(st->sock[0]);
        (void)close_fd(st->sock[1]);
        leader_done(&st->run);
}

static void kill_child(Start *st)
{
        int status, sig;

        if (st->run.pidfd < 0)
                return;
        (void)process_signal(st->run.pidfd, SIGKILL);
        /* its end waits for everybody in its pid namespace, and that they are collected */
        process_call_reap();
        if (waitid(P_PIDFD, (id_t)st->run.pidfd, &(siginfo_t){0}, WEXITED) < 0)
                (void)process_reap(st->run.pidfd, &status, &sig);
}

/* With the shim in a private copy of the mount namespace; the caller brings it back. */
static int launch_here(Start *st, Failure *f)
{
        int r = start_copy_mounts(f);
        r = r < 0 ? r : open_sources(st, f);
        r = r < 0 ? r : spawn(st, f);
        r = r < 0 ? r : converse(st, f);
        if (r < 0)
                kill_child(st);
        return r;
}

int launch(const LaunchArgs *args, Leader *ret, Failure *f)
{
        _cleanup_close_ int mountns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        _cleanup_close_ int pidns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
        Start st = {
                .args = args,
                .mounts = args->mounts,
                .mountns = mountns,
                .layers = {.store = -EBADF},
                .upper = {.fd = -EBADF},
                .userns = -EBADF,
                .usr = -EBADF,
                .netns = -EBADF,
                .own_netns = -EBADF,
                .notify = -EBADF,
                .sock = {-EBADF, -EBADF},
                .child_stdio = {-EBADF, -EBADF, -EBADF},
        };

        leader_init(&st.run);
        /* after a reboot from inside, children would be born in the namespace of the PID 1 that
         * ended */
        if (mountns < 0 || pidns < 0 || setns(pidns, CLONE_NEWPID) < 0)
                return failure_set(f, FAULT_START_FAILED, errno, "open", "own namespaces");
        int r = launch_here(&st, f);
        if (setns(mountns, CLONE_NEWNS) < 0 && r >= 0) {
                r = failure_set(f, FAULT_START_FAILED, errno, "return to", "host's mounts");
                kill_child(&st);
        }
        if (r >= 0) {
                *ret = st.run;
                leader_init(&st.run);
        }
        start_done(&st);
        process_call_reap();
        return r;
}
