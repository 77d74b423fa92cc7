/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PLAN_STAGE_OUTER: the host's root builds on a tree that a stranger made, so every path is opened
 * below it without following links, and every file that is bound comes from a file system of our
 * own. */
#include "shim/root.h"

#include "base/names.h"
#include "sys/mountfd.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

typedef struct Scratch {
        int root;      /* where the overlay is attached */
        int mask_file; /* inaccessible: no permission for anybody but the host's root, who does not
                          enter */
        int mask_directory;
} Scratch;

static int attach_at(int dirfd, const char *name, int mountfd)
{
        _cleanup_close_ int target = -EBADF;

        if (mkdirat(dirfd, name, 0700) < 0)
                return -errno;
        target = openat(dirfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return target < 0 ? -errno : mountfd_attach(mountfd, target);
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
        r = r < 0 ? r : attach_at(scratch, "masks", fd);
        at = r < 0 ? r : open_in(scratch, "masks");
        if (at < 0)
                return at;
        s->mask_file = open_in(at, "file");
        s->mask_directory = open_in(at, "directory");
        return s->mask_file < 0 ? s->mask_file : s->mask_directory < 0 ? s->mask_directory : 0;
}

static int make_scratch(int overlay, Scratch *s)
{
        _cleanup_close_ int fd = mountfd_new("tmpfs", "mode=0700,size=64k", 0), at = -EBADF;

        if (fd < 0)
                return fd;
        at = open(LODGE_RUNTIME, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int r = at < 0 ? -errno : mountfd_attach(fd, at);
        r = r < 0 ? r : attach_at(fd, "root", overlay);
        r = r < 0 ? r : make_masks(fd, s);
        s->root = r < 0 ? r : open_in(fd, "root");
        return s->root < 0 ? s->root : 0;
}

static int bind_notify(const Start *st, int root, Failure *f)
{
        PlanStep s;

        if (!plan_find(st->args->plan, st->args->n_plan, PLAN_NOTIFY, &s))
                return 0;
        int r = stage_attach_file(root, s.s, st->notify);
        return r < 0 ? failure_set(f, FAULT_START_FAILED, r, "mount", s.s) : 0;
}

int root_assemble(Start *st, int overlay, Failure *f)
{
        Scratch scratch = {-EBADF, -EBADF, -EBADF};

        int r = make_scratch(overlay, &scratch);
        if (r < 0)
                (void)failure_set(f, FAULT_START_FAILED, r, "mount", LODGE_RUNTIME);
        StageContext c = {
                .plan = st->args->plan,
                .n_plan = st->args->n_plan,
                .root = scratch.root,
                .owner = st->uid_base,
                .mask_file = scratch.mask_file,
                .mask_directory = scratch.mask_directory,
                .leader_pidfd = st->run.pidfd,
                .binds = st->binds,
        };
        r = r < 0 ? r : stage_execute(&c, PLAN_STAGE_OUTER, f);
        r = r < 0 ? r : bind_notify(st, scratch.root, f);
        if (r >= 0) {
                r = pivot_to(scratch.root);
                if (r < 0)
                        (void)failure_set(f, FAULT_START_FAILED, r, "pivot to", "root file system");
        }
        (void)close_fd(scratch.root);
        (void)close_fd(scratch.mask_file);
        (void)close_fd(scratch.mask_directory);
        return r;
}
