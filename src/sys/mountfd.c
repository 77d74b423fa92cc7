/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/mountfd.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int mountfd_clone(int dirfd, const char *path, int recursive)
{
        unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH |
                         (recursive ? AT_RECURSIVE : 0);
        int fd = open_tree(dirfd, path, flags);

        return fd < 0 ? -errno : fd;
}

static int configure(int fsfd, const char *options)
{
        _cleanup_free_ char *copy = options ? strdup(options) : NULL;
        char *saved = NULL;

        if (options && !copy)
                return -ENOMEM;
        for (char *o = copy ? strtok_r(copy, ",", &saved) : NULL; o;
             o = strtok_r(NULL, ",", &saved)) {
                char *value = strchr(o, '=');

                if (value)
                        *value++ = '\0';
                if (fsconfig(fsfd, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, o, value, 0) <
                    0)
                        return -errno;
        }
        return fsconfig(fsfd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ? -errno : 0;
}

int mountfd_new(const char *type, const char *options, uint64_t attr)
{
        _cleanup_close_ int fsfd = fsopen(type, FSOPEN_CLOEXEC);

        if (fsfd < 0)
                return -errno;
        int r = configure(fsfd, options);
        if (r < 0)
                return r;
        int fd = fsmount(fsfd, FSMOUNT_CLOEXEC, (unsigned)attr);
        return fd < 0 ? -errno : fd;
}

int mountfd_set(int mountfd, uint64_t set, uint64_t clear)
{
        struct mount_attr attr = {.attr_set = set, .attr_clr = clear};

        return mount_setattr(mountfd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

int mountfd_idmap(int mountfd, int usernsfd, uint64_t set)
{
        struct mount_attr attr = {
                .attr_set = set | MOUNT_ATTR_IDMAP,
                .userns_fd = (uint64_t)usernsfd,
        };

        return mount_setattr(mountfd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

int mountfd_set_tree(int mountfd, int usernsfd, uint64_t set)
{
        struct mount_attr attr = {
                .attr_set = set | (usernsfd >= 0 ? MOUNT_ATTR_IDMAP : 0),
                .userns_fd = usernsfd >= 0 ? (uint64_t)usernsfd : 0,
        };

        if (attr.attr_set == 0)
                return 0;
        return mount_setattr(mountfd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0
                       ? -errno
                       : 0;
}

int mountfd_attach(int mountfd, int target)
{
        return move_mount(mountfd, "", target, "",
                          MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0
                       ? -errno
                       : 0;
}

int mountfd_attach_new(int mountfd, int dirfd, const char *name)
{
        _cleanup_close_ int target = -EBADF;

        if (mkdirat(dirfd, name, 0700) < 0)
                return -errno;
        target = openat(dirfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return target < 0 ? -errno : mountfd_attach(mountfd, target);
}

int mountfd_attach_at(int mountfd, int dirfd, const char *path)
{
        return move_mount(mountfd, "", dirfd, path, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
}

int mountfd_move(int dirfd, const char *path, int target)
{
        return move_mount(dirfd, path, target, "", MOVE_MOUNT_T_EMPTY_PATH) < 0 ? -errno : 0;
}

int mountns_propagation(unsigned long propagation)
{
        return mount(NULL, "/", NULL, MS_REC | propagation, NULL) < 0 ? -errno : 0;
}

int pivot_to(int rootfd)
{
        /* the old root ends up below the new one at the same place, from where it is unmounted: no
         * directory for it is needed. Source: pivot_root(2), "pivot_root(".", ".")" */
        if (fchdir(rootfd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
                return -errno;
        if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
                return -errno;
        return 0;
}
