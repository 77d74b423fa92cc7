/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks with libblkid into a disk image that a stranger made. */
#pragma once

#include "disk/disk-image.h"

typedef struct DiskProbeArgs {
        int fd;           /* the image, open for reading */
        const char *name; /* its name, for sentences */
        bool all;         /* look for a file system in every partition, not only in those chosen */
} DiskProbeArgs;

/** disk_probe() - find out what is in an image, in a child process
 * The child has lost every privilege, may make a dozen system calls, has limited memory and five
 * seconds; what it tells is checked.
 * @uid,@gid what the child runs as; 0: it keeps the caller's (tests)
 * @ret      may hold what was found also if it is refused: only with @args->all
 * Return: 0; -EBADF not a regular file; -EINVAL and -EOPNOTSUPP with FAULT_NOT_SUPPORTED: no image
 * that lodge could mount; -ETIMEDOUT; negative errno. */
int disk_probe(const DiskProbeArgs *args, uid_t uid, gid_t gid, DiskImage *ret, Fault *reterr);

/** disk_probe_here() - the same in this process (fuzzers; the child's work)
 * @ret partitions and what is in them; the roles are filled in as far as it came */
int disk_probe_here(const DiskProbeArgs *args, DiskImage *ret, Fault *reterr);
