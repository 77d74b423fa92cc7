/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much a directory may hold: a project quota on ext4 and XFS, the quota group of a subvolume on
 * btrfs. Needs the host's root. */
#pragma once

#include "base/cleanup.h"

#include <stdint.h>

/** quota_mkdir() - make a directory that quota_limit() can take: on btrfs a subvolume
 * Return: 0; -EEXIST; negative errno. */
int quota_mkdir(int dirfd, const char *name);

/** quota_limit() - bound what a directory and all below it may hold
 * What is in it already is counted only if a limit was set before it was made.
 * @dirfd   opened for reading
 * @project number for the quota, if the directory has none yet; not 0
 * @bytes   0: no limit any more
 * Return: 0; -EOPNOTSUPP this file system cannot; -ESRCH its quotas are switched off; -ENOTEMPTY
 * there are files in it that would not be counted; negative errno.
 * Source: quotactl(2) (quotactl_fd: Linux 5.14), ioctl_fsgetxattr, btrfs-qgroup(8). */
int quota_limit(int dirfd, uint32_t project, uint64_t bytes);
