/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/target.h"

#include "base/io.h"
#include "base/text.h"
#include "sys/copy-tree.h"
#include "sys/inroot.h"
#include "sys/mountfd.h"
#include "sys/passwd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* The step numbered @n of PLAN_STAGE_ROOT. */
static bool find_step(const Start *st, unsigned n, PlanStep *ret)
{
        PLAN_FOREACH (ret, st->mounts->plan, st->mounts->n_plan)
                if (n-- == 0)
                        return true;
        return false;
}

static int fail(const PlanStep *s, int r, const char *why, Failure *f)
{
        char sentence[256];

        (void)snprintf(sentence, sizeof(sentence), "cannot mount at '%.120s': %s", mounts_target(s),
                       why);
        (void)failure_set(f, FAULT_START_FAILED, r, "mount at", mounts_target(s));
        return failure_reason(f, FAULT_START_FAILED, r, "mount at", sentence);
}

/* lodge's own file systems are no place, whatever the image's links say; but /dev/shm is. */
static int check_place(int root, const PlanStep *s, int fd, Failure *f)
{
        static const char *const ours[] = {"proc", "sys", "dev", "run/host"};
        struct stat st, other;

        if (fstat(fd, &st) < 0)
                return fail(s, -errno, strerror(errno), f);
        for (size_t i = 0; i < ELEMENTSOF(ours) && !streq(mounts_target(s), "/dev/shm"); i++) {
                if (fstatat(root, ours[i], &other, AT_SYMLINK_NOFOLLOW) < 0) {
                        if (errno == ENOENT) /* the guest, which runs, has covered it */
                                continue;
                        return fail(s, -errno, ours[i], f);
                }
                if (st.st_dev == other.st_dev)
                        return fail(s, -EBUSY,
                                    "a symbolic link of the machine's leads into /proc, /sys, /dev "
                                    "or /run/host",
                                    f);
        }
        return 0;
}

static int open_place(int root, const PlanStep *s, LaunchMessage *m, Failure *f)
{
        _cleanup_close_ int fd = inroot_open(root, mounts_target(s));
        bool is_directory = m->is_directory;
        struct stat st;

        m->is_new = fd == -ENOENT;
        if (m->is_new)
                fd = inroot_make(root, mounts_target(s), is_directory);
        if (fd == -ELOOP)
                return fail(s, fd,
                            "a symbolic link of the machine's leads to nothing, or in a circle", f);
        if (fd < 0)
                return fail(s, fd, strerror(-fd), f);
        if (fstat(fd, &st) < 0)
                return fail(s, -errno, strerror(errno), f);
        if (is_directory && !S_ISDIR(st.st_mode))
                return fail(s, -ENOTDIR, "a directory needs a directory to be mounted on", f);
        if (!is_directory && S_ISDIR(st.st_mode))
                return fail(s, -EISDIR, "a file cannot be mounted on a directory", f);
        int r = check_place(root, s, fd, f);
        return r < 0 ? r : TAKE_FD(fd);
}

static int find_user(const Start *st, int root, LaunchMessage *m, Failure *f)
{
        _cleanup_passwd_user_ PasswdUser user = {0};
        _cleanup_fault_ Fault fault = {0};
        PlanStep s = {0};

        (void)plan_find(st->args->plan, st->args->n_plan, PLAN_USER, &s);
        int r = passwd_lookup(root, s.s ?: "root", &user, &fault);
        if (r < 0) {
                (void)failure_set(f, FAULT_EXEC_FAILED, r, "find user", s.s);
                return failure_reason(f, FAULT_EXEC_FAILED, r, "find user",
                                      fault.message ?: strerror(-r));
        }
        m->uid = user.uid;
        m->gid = user.gid;
        return 0;
}

static int find_owner(const Start *st, int root, const PlanStep *s, LaunchMessage *m, Failure *f)
{
        struct stat stat;

        m->uid = m->gid = 0;
        if (s->op != PLAN_SHARE || s->a == PLAN_MAP_ROOT)
                return 0;
        if (s->a == PLAN_MAP_CALLER)
                return find_user(st, root, m, f);
        if (fstat(m->fd, &stat) < 0)
                return fail(s, -errno, strerror(errno), f);
        m->uid = stat.st_uid;
        m->gid = stat.st_gid;
        return 0;
}

/* What is there is for who uses it to judge: a working directory may be in /proc. */
static int serve_directory(int root, const PlanStep *s, LaunchMessage *m, Failure *f)
{
        m->fd = inroot_open(root, s->s);
        m->is_new = m->fd == -ENOENT;
        if (m->is_new)
                m->fd = inroot_make(root, s->s, true);
        if (m->fd >= 0 || !m->is_new)
                return 0;
        return failure_set(f, FAULT_EXEC_FAILED, m->fd, "create directory", s->s);
}

static int serve_place(const Start *st, int root, const PlanStep *s, LaunchMessage *m, Failure *f)
{
        int fd = open_place(root, s, m, f);

        if (fd < 0)
                return fd;
        m->fd = fd;
        return find_owner(st, root, s, m, f);
}

/* Set while a volume is being filled: one that was interrupted is filled again. Where the file
 * system takes no such mark, what has come so far stays. */
#define FILLING "user.lodge.filling"

/* An empty volume begins as what it covers: that is what images count on. @m->terminal is the
 * place,
 * @m->fd what is to be mounted there. */
static int serve_fill(const PlanStep *s, const LaunchMessage *m, Failure *f)
{
        _cleanup_close_ int volume = openat(m->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char mark;

        if (volume < 0)
                return fail(s, -errno, strerror(errno), f);
        if (fgetxattr(volume, FILLING, &mark, sizeof(mark)) < 0 && directory_is_empty(volume) != 1)
                return 0;
        (void)fsetxattr(volume, FILLING, "1", 1, 0);
        int r = copy_tree(m->terminal, volume);
        if (r < 0) {
                (void)failure_set(
                        f, r == -ENOSPC || r == -EDQUOT ? FAULT_NO_SPACE : FAULT_START_FAILED, r,
                        "copy into the volume what the image has at", s->t);
                return r;
        }
        (void)fremovexattr(volume, FILLING);
        return 0;
}

/* The kernel counts all mounts of a namespace (fs.mount-max). */
static int serve_attach(const PlanStep *s, const LaunchMessage *m, Failure *f)
{
        int r = mountfd_attach(m->fd, m->terminal);

        if (r == -ENOSPC)
                return fail(s, r, "the machine has as many mounts as fs.mount-max allows", f);
        return r < 0 ? fail(s, r, strerror(-r), f) : 0;
}

int target_serve(const Start *st, int root, LaunchMessage *m, Failure *f)
{
        PlanStep s = {0};

        if (!find_step(st, m->n, &s))
                return -EPROTO;
        if (s.op == PLAN_DIRECTORY)
                return serve_directory(root, &s, m, f);
        switch (m->kind) {
        case LAUNCH_TARGET: return serve_place(st, root, &s, m, f);
        case LAUNCH_FILL: return serve_fill(&s, m, f);
        case LAUNCH_ATTACH: return serve_attach(&s, m, f);
        default: return -EPROTO;
        }
}
