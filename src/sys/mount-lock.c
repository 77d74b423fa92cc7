/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/mount-lock.h"

#include "base/cleanup.h"
#include "sys/mountfd.h"
#include "sys/process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

typedef struct Lock {
        int fd, userns;
} Lock;

/* Somewhere to attach it, in a file system over everything else. */
static int make_place(const struct stat *st)
{
        _cleanup_close_ int fs = mountfd_new("tmpfs", "mode=0700,size=4k,nr_inodes=4", 0),
                            root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

        if (fs < 0 || root < 0)
                return fs < 0 ? fs : -errno;
        int r = mountfd_attach(fs, root);
        if (r < 0)
                return r;
        /* the copy of the namespace takes us along to its copy of this directory */
        if (fchdir(fs) < 0)
                return -errno;
        return (S_ISDIR(st->st_mode) ? mkdir("m", 0700) : mknod("m", S_IFREG | 0600, 0)) < 0
                       ? -errno
                       : 0;
}

/* Whose namespace is copied into one of another owner gets its mounts locked; a copy of one of them
 * keeps that, but is not tied to its place. */
static int lock_in_child(void *arg)
{
        const Lock *l = arg;
        _cleanup_close_ int copy = -EBADF;
        struct stat st;

        if (fstat(l->fd, &st) < 0 || unshare(CLONE_NEWNS) < 0)
                return -errno;
        int r = make_place(&st);
        r = r < 0 ? r : mountfd_attach_at(l->fd, AT_FDCWD, "m");
        if (r < 0)
                return r;
        if (setns(l->userns, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNS) < 0)
                return -errno;
        copy = mountfd_clone(AT_FDCWD, "m", 1);
        if (copy < 0)
                return copy;
        return dup3(copy, l->fd, O_CLOEXEC) < 0 ? -errno : 0;
}

int mount_lock(int fd, int userns)
{
        Lock l = {fd, userns};
        int r = process_call(0, lock_in_child, &l);

        /* the child's change of credentials has closed the memory that it shares with us */
        (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        return r;
}
