/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/files.h"

#include "base/names.h"
#include "shim/images.h"
#include "shim/overlay.h"
#include "sys/identity.h"
#include "sys/mountfd.h"
#include "sys/process.h"
#include "sys/userns.h"
#include "wire/plan.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define IDS 65536U

typedef struct Files {
        const FilesArgs *args;
        Layers layers;
        LayerLocks locks;
        Upper upper;
        int images;  /* from images_keep() */
        int usr;     /* detached mount for /usr; -EBADF: none */
        int userns;  /* of the machine's ids */
        int sock[2]; /* the child tells by [1]: a Failure, or the number of the descriptor */
} Files;

static void files_done(Files *s)
{
        int *fds[] = {&s->upper.fd, &s->images, &s->usr, &s->userns, &s->sock[0], &s->sock[1]};

        layers_done(&s->layers);
        layer_locks_done(&s->locks);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                *fds[i] = close_fd(*fds[i]);
}
#define _cleanup_files_ _cleanup_(files_done)

/* ---- locks ---- */

/* Not at SIGTERM, which the stop of a unit sends to all: the caller may have to tidy up before. */
static void hold(int caller)
{
        struct pollfd p = {.fd = caller, .events = POLLIN};

        (void)signal(SIGTERM, SIG_IGN);
        (void)identity_limit_capabilities(0); /* it only waits, with them, too */
        while (poll(&p, 1, -1) < 0 && errno == EINTR)
                ;
        _exit(0);
}

/* Before there is any namespace that it could keep. */
static int hand_over_locks(Files *s)
{
        _cleanup_close_ int caller = (int)syscall(SYS_pidfd_open, getpid(), 0), holder = -EBADF;
        pid_t pid = caller < 0 ? -errno : process_clone(0, -EBADF, &holder);

        if (pid < 0)
                return pid;
        if (pid == 0)
                hold(caller);
        layer_locks_done(&s->locks);
        return 0;
}

/* ---- on the host ---- */

static int open_images(Files *s)
{
        const FilesArgs *a = s->args;
        PlanStep step;

        if (a->n_images == 0)
                return 0;
        s->images = images_keep(a->images, a->n_images);
        if (s->images < 0 || !plan_find(a->plan, a->n_plan, PLAN_USR_FD, &step))
                return s->images < 0 ? s->images : 0;
        s->usr = images_copy(s->images, (unsigned)step.a);
        return s->usr < 0 ? s->usr : 0;
}

static int open_all(Files *s, Failure *f)
{
        const FilesArgs *a = s->args;
        int r = open_images(s);

        if (r < 0)
                return failure_set(f, FAULT_FAILED, r, "use", "the mounts of the disk image");
        r = layers_open(&s->layers, &s->locks, s->images, a->plan, a->n_plan, f);
        r = r < 0 ? r : upper_open(a->plan, a->n_plan, true, a->uid_base, &s->upper, f);
        r = r < 0 ? r : upper_lock(a->plan, a->n_plan, &s->locks, f);
        if (r < 0)
                return r;
        r = hand_over_locks(s);
        return r < 0 ? failure_set(f, FAULT_FAILED, r, "start", "a process for the locks") : 0;
}

static int map_all(Files *s, Failure *f)
{
        const FilesArgs *a = s->args;
        int r = s->userns = userns_new(a->uid_base, IDS);

        if (r < 0)
                return failure_set(f, FAULT_FAILED, r, "map the ids of", "user namespace");
        r = layers_map(&s->layers, s->userns, a->plan, a->n_plan, f);
        r = r < 0 ? r : upper_map(&s->upper, s->userns, a->plan, a->n_plan, f);
        return r < 0 || s->usr < 0 ? r : layers_map_usr(s->usr, s->userns, f);
}

/* ---- inside ---- */

/* What was the host's goes with the old root. */
static int pivot(const Files *s, int overlay)
{
        _cleanup_close_ int scratch = mountfd_new("tmpfs", "mode=0700,size=64k", 0), at = -EBADF,
                            root = -EBADF;

        if (scratch < 0)
                return scratch;
        at = open(LODGE_RUNTIME, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int r = at < 0 ? -errno : mountfd_attach(scratch, at);
        r = r < 0 ? r : mountfd_attach_new(overlay, scratch, "root");
        if (r < 0)
                return r;
        root = openat(scratch, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
        r = root < 0 ? -errno : layers_attach_usr(root, s->usr);
        return r < 0 ? r : pivot_to(root);
}

/* Return: the mount namespace; negative errno. */
static int build(const Files *s, Failure *f)
{
        const OverlayArgs a = {.layers = &s->layers, .upper = &s->upper};
        _cleanup_close_ int overlay = -EBADF, mountns = -EBADF;
        int r = setns(s->userns, CLONE_NEWUSER) < 0 ? -errno : credentials_become_root();

        if (r < 0)
                return failure_set(f, FAULT_FAILED, r, "enter", "user namespace");
        overlay = overlay_mount(&a, f);
        if (overlay < 0)
                return overlay;
        if (unshare(CLONE_NEWNS) < 0 || mountns_propagation(MS_PRIVATE) < 0)
                return failure_set(f, FAULT_FAILED, errno, "create", "mount namespace");
        mountns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        r = mountns < 0 ? -errno : pivot(s, overlay);
        return r < 0 ? failure_set(f, FAULT_FAILED, r, "pivot to", "root file system")
                     : TAKE_FD(mountns);
}

/* Shares descriptors with the caller, but not memory. */
static void build_and_tell(const Files *s)
{
        Failure f = {0};
        int fd = build(s, &f);

        (void)send(s->sock[1], fd < 0 ? (void *)&f : (void *)&fd, fd < 0 ? sizeof(f) : sizeof(fd),
                   MSG_NOSIGNAL);
        _exit(fd < 0);
}

static int receive(const Files *s, Failure *f)
{
        union {
                Failure failure;
                int fd;
        } told;
        ssize_t n = recv(s->sock[0], &told, sizeof(told), MSG_DONTWAIT);

        if (n == (ssize_t)sizeof(told.fd))
                return told.fd;
        if (n != (ssize_t)sizeof(told.failure))
                return failure_set(f, FAULT_FAILED, ECHILD, "mount", "overlay");
        *f = told.failure;
        return -(f->error ?: EIO);
}

static int build_in_child(Files *s, Failure *f)
{
        _cleanup_close_ int pidfd = -EBADF;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s->sock) < 0)
                return failure_set(f, FAULT_FAILED, errno, "make", "socket");
        pid_t pid = process_clone(CLONE_FILES, -EBADF, &pidfd);
        if (pid < 0)
                return failure_set(f, FAULT_FAILED, pid, "start", "child");
        if (pid == 0)
                build_and_tell(s);
        while (waitid(P_PIDFD, (id_t)pidfd, &(siginfo_t){0}, WEXITED) < 0 && errno == EINTR)
                ;
        return receive(s, f);
}

int files_open(const FilesArgs *args, int *ret_userns, int *ret_mountns, Failure *f)
{
        _cleanup_files_ Files s = {
                .args = args,
                .layers = {.store = -EBADF},
                .upper = {.fd = -EBADF},
                .images = -EBADF,
                .usr = -EBADF,
                .userns = -EBADF,
                .sock = {-EBADF, -EBADF},
        };
        int r = open_all(&s, f);

        r = r < 0 ? r : map_all(&s, f);
        r = r < 0 ? r : build_in_child(&s, f);
        process_call_reap();
        if (r < 0)
                return r;
        *ret_mountns = r;
        *ret_userns = TAKE_FD(s.userns);
        return 0;
}
