/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/quota.h"

#include "base/io.h"
#include "base/text.h"
#include "sys/file-system.h"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define BTRFS_SUBVOLUME_INODE 256 /* of the root of every one */

/* As in <sys/quota.h>, which cannot be included along with the kernel's. */
#define QUOTA_COMMAND(command) ((unsigned)(command) << 8 | PRJQUOTA)

static bool is_btrfs(int fd)
{
        return streq(file_system_name(fd), "btrfs");
}

static int make_subvolume(int dirfd, const char *name)
{
        _cleanup_close_ int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct btrfs_ioctl_vol_args args = {0};

        if (fd < 0)
                return -errno;
        if (strlen(name) >= sizeof(args.name))
                return -ENAMETOOLONG;
        memcpy(args.name, name, strlen(name) + 1);
        return ioctl(fd, BTRFS_IOC_SUBVOL_CREATE, &args) < 0 ? -errno : 0;
}

int quota_mkdir(int dirfd, const char *name)
{
        if (!is_btrfs(dirfd))
                return mkdirat(dirfd, name, 0700) < 0 ? -errno : 0;
        int r = make_subvolume(dirfd, name);
        if (r < 0)
                return r;
        return fchmodat(dirfd, name, 0700, 0) < 0 ? -errno : 0;
}

static int limit_subvolume(int fd, uint64_t bytes)
{
        struct btrfs_ioctl_qgroup_limit_args args = {
                .qgroupid = 0, /* the subvolume's own */
                .lim = {.flags = BTRFS_QGROUP_LIMIT_MAX_RFER, .max_rfer = bytes ?: UINT64_MAX},
        };
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_ino != BTRFS_SUBVOLUME_INODE)
                return bytes ? -ENOTEMPTY : 0;
        if (ioctl(fd, BTRFS_IOC_QGROUP_LIMIT, &args) >= 0)
                return 0;
        /* no quota tree, or no group in it */
        return errno == EINVAL || errno == ENOTCONN || errno == ENOENT ? -ESRCH : -errno;
}

/* The project that the directory has, or gets. Return: 1; 0 it has none and needs none. */
static int find_project(int fd, uint32_t project, uint64_t bytes, uint32_t *ret)
{
        struct fsxattr attr;

        if (ioctl(fd, FS_IOC_FSGETXATTR, &attr) < 0)
                return errno == ENOTTY ? -EOPNOTSUPP : -errno;
        *ret = attr.fsx_projid;
        if (attr.fsx_projid != 0 && attr.fsx_xflags & FS_XFLAG_PROJINHERIT)
                return 1;
        if (bytes == 0)
                return 0;
        int r = directory_is_empty(fd);
        if (r <= 0)
                return r < 0 ? r : -ENOTEMPTY;
        attr.fsx_projid = *ret = project;
        attr.fsx_xflags |= FS_XFLAG_PROJINHERIT;
        if (ioctl(fd, FS_IOC_FSSETXATTR, &attr) < 0) /* ext4 without the feature "project" */
                return errno == EINVAL || errno == ENOTTY ? -EOPNOTSUPP : -errno;
        return 1;
}

int quota_limit(int dirfd, uint32_t project, uint64_t bytes)
{
        struct if_dqblk limit = {
                .dqb_bhardlimit = (bytes + QIF_DQBLKSIZE - 1) / QIF_DQBLKSIZE,
                .dqb_valid = QIF_BLIMITS,
        };

        if (is_btrfs(dirfd))
                return limit_subvolume(dirfd, bytes);
        int r = find_project(dirfd, project, bytes, &project);
        if (r <= 0)
                return r == -EOPNOTSUPP && bytes == 0 ? 0 : r;
        limit.dqb_bsoftlimit = 0;
        if (syscall(SYS_quotactl_fd, dirfd, QUOTA_COMMAND(Q_SETQUOTA), project, &limit) >= 0)
                return 0;
        if (bytes == 0)
                return 0; /* switched off: it limits nothing */
        return errno == ENOSYS || errno == EINVAL ? -EOPNOTSUPP : -errno;
}
