/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a disk image's file systems usable: loop devices, dm-verity, mounts that nobody sees. */
#pragma once

#include "disk/disk-image.h"

typedef struct DiskMounts {
        int root, usr;    /* detached, read-only mounts; -EBADF: there is none */
        const char *init; /* static; path inside; NULL: none */
        bool init_is_systemd;
} DiskMounts;

typedef struct DiskMountArgs {
        int fd; /* of the image, as it was probed */
        const DiskImage *image;
        const char *name; /* the image's, for sentences */
} DiskMountArgs;

/** disk_mount() - attach an image and mount what a machine needs of it
 * Leaves the caller in a mount namespace of its own. All that was set up vanishes with the last
 * user of the mounts.
 * @ret caller calls disk_mounts_done()
 * Return: 0; negative errno with @reterr. */
int disk_mount(const DiskMountArgs *args, DiskMounts *ret, Fault *reterr);

/** disk_mounts_done() - let go of the mounts */
void disk_mounts_done(DiskMounts *m);
#define _cleanup_disk_mounts_ _cleanup_(disk_mounts_done)
