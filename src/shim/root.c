/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PLAN_STAGE_OUTER: the host's root builds in directories of its own, while the child mounts the
 * overlay, and moves the result to a tree that a stranger made, where every path is opened without
 * following links. */
#include "shim/root.h"

#include "base/names.h"
#include "base/text.h"
#include "sys/beneath.h"
#include "sys/mountfd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

static void scratch_init(Scratch *s)
{
        *s = (Scratch){-EBADF, -EBADF, -EBADF, -EBADF};
}

static int open_in(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);

        return fd < 0 ? -errno : fd;
}

/* open_tree() clones attached mounts only (before Linux 6.15), so the source of masks is attached
 * too. */
static int make_masks(int scratch, Scratch *s)
{
        uint64_t ro = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        _cleanup_close_ int fd = mountfd_new("tmpfs", "mode=0755,size=4k,nr_inodes=4", 0),
                            at = -EBADF;

        if (fd < 0)
                return fd;
        if (mknodat(fd, "file", S_IFREG, 0) < 0 || fchmodat(fd, "file", 0, 0) < 0 ||
            mkdirat(fd, "directory", 0555) < 0)
                return -errno;
        int r = mountfd_set(fd, ro, 0);
        r = r < 0 ? r : mountfd_attach_new(fd, scratch, "masks");
        at = r < 0 ? r : open_in(scratch, "masks");
        if (at < 0)
                return at;
        s->mask_file = open_in(at, "file");
        s->mask_directory = open_in(at, "directory");
        return s->mask_file < 0 ? s->mask_file : s->mask_directory < 0 ? s->mask_directory : 0;
}

static int make_scratch(Scratch *s)
{
        _cleanup_close_ int fd = mountfd_new("tmpfs", "mode=0700,size=64k", 0), at = -EBADF;

        if (fd < 0)
                return fd;
        at = open(LODGE_RUNTIME, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int r = at < 0 ? -errno : mountfd_attach(fd, at);
        r = r < 0 ? r : make_masks(fd, s);
        if (r >= 0 && mkdirat(fd, "stage", 0755) < 0)
                r = -errno;
        s->stage = r < 0 ? r : open_in(fd, "stage");
        s->top = s->stage < 0 ? -EBADF : TAKE_FD(fd);
        return s->stage < 0 ? s->stage : 0;
}

/* A mount of the outer stage right below the root: all other steps of it are below one of these. */
static bool is_top_mount(const PlanStep *s)
{
        return s->stage == PLAN_STAGE_OUTER && s->op == PLAN_MOUNT && s->s[0] == '/' &&
               !strchr(s->s + 1, '/');
}

static int make_mount_points(const Start *st, int stage)
{
        PlanStep s;

        PLAN_FOREACH (&s, st->args->plan, st->args->n_plan)
                if (is_top_mount(&s) && mkdirat(stage, s.s + 1, 0755) < 0)
                        return -errno;
        return 0;
}

static int bind_notify(const Start *st, int root, Failure *f)
{
        PlanStep s;

        if (!plan_find(st->args->plan, st->args->n_plan, PLAN_NOTIFY, &s))
                return 0;
        int r = stage_attach_file(root, s.s, st->notify);
        return r < 0 ? failure_set(f, FAULT_START_FAILED, r, "mount", s.s) : 0;
}

int root_prepare(Start *st, Scratch *ret, Failure *f)
{
        scratch_init(ret);
        int r = make_scratch(ret);
        r = r < 0 ? r : make_mount_points(st, ret->stage);
        if (r < 0)
                return failure_set(f, FAULT_START_FAILED, r, "mount", LODGE_RUNTIME);
        StageContext c = {
                .plan = st->args->plan,
                .n_plan = st->args->n_plan,
                .root = ret->stage,
                .owner = st->uid_base,
                .mask_file = ret->mask_file,
                .mask_directory = ret->mask_directory,
                .leader_pidfd = st->run.pidfd,
                .binds = st->binds,
        };
        r = stage_execute(&c, PLAN_STAGE_OUTER, f);
        return r < 0 ? r : bind_notify(st, ret->stage, f);
}

/* With all that is mounted below it. */
static int move_to_root(int stage, const char *path, int root)
{
        _cleanup_close_ int target = beneath_open(root, path, O_PATH, 0);

        return target < 0 ? target : mountfd_move(stage, path + 1, target);
}

int root_enter(Start *st, const Scratch *scratch, int overlay, Failure *f)
{
        _cleanup_close_ int root = -EBADF;
        PlanStep s;

        int r = mountfd_attach_new(overlay, scratch->top, "root");
        root = r < 0 ? r : open_in(scratch->top, "root");
        if (root < 0)
                return failure_set(f, FAULT_START_FAILED, root, "mount", "overlay");
        r = layers_attach_usr(root, st->usr);
        if (r < 0)
                return failure_set(f, FAULT_START_FAILED, r, "mount", "/usr");
        PLAN_FOREACH (&s, st->args->plan, st->args->n_plan) {
                r = is_top_mount(&s) ? move_to_root(scratch->stage, s.s, root) : 0;
                if (r < 0)
                        return stage_step_failed(&s, r, f);
        }
        r = pivot_to(root);
        return r < 0 ? failure_set(f, FAULT_START_FAILED, r, "pivot to", "root file system") : 0;
}

void scratch_done(Scratch *s)
{
        (void)close_fd(s->top);
        (void)close_fd(s->stage);
        (void)close_fd(s->mask_file);
        (void)close_fd(s->mask_directory);
        scratch_init(s);
}
