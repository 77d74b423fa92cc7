/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/file-system.h"

#include "base/cleanup.h"

#include <linux/magic.h>
#include <stdint.h>
#include <sys/vfs.h>

const char *file_system_name(int fd)
{
        static const struct {
                uint32_t magic;
                const char *name;
        } names[] = {
                {EXT4_SUPER_MAGIC, "ext4"},       {BTRFS_SUPER_MAGIC, "btrfs"},
                {XFS_SUPER_MAGIC, "xfs"},         {TMPFS_MAGIC, "tmpfs"},
                {RAMFS_MAGIC, "ramfs"},           {OVERLAYFS_SUPER_MAGIC, "overlay"},
                {SQUASHFS_MAGIC, "squashfs"},     {EROFS_SUPER_MAGIC_V1, "erofs"},
                {ISOFS_SUPER_MAGIC, "iso9660"},   {MSDOS_SUPER_MAGIC, "vfat"},
                {F2FS_SUPER_MAGIC, "f2fs"},       {FUSE_SUPER_MAGIC, "fuse"},
                {NFS_SUPER_MAGIC, "nfs"},         {SMB2_SUPER_MAGIC, "cifs"},
                {CEPH_SUPER_MAGIC, "ceph"},       {V9FS_MAGIC, "9p"},
                {PROC_SUPER_MAGIC, "proc"},       {SYSFS_MAGIC, "sysfs"},
                {CGROUP2_SUPER_MAGIC, "cgroup2"}, {DEVPTS_SUPER_MAGIC, "devpts"},
                {DEBUGFS_MAGIC, "debugfs"},       {0x2fc12fc1, "zfs"}, /* not one of the kernel's */
                {0xca451a4e, "bcachefs"},
        };
        struct statfs st;

        if (fstatfs(fd, &st) < 0)
                return "unknown";
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if ((uint32_t)st.f_type == names[i].magic)
                        return names[i].name;
        return "unknown";
}
