/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dm-verity: a block device that gives nothing out which does not fit a root hash. libcryptsetup
 * sets it up; it is loaded when it is needed, which is seldom. */
#pragma once

#include "disk/disk-image.h"

typedef struct DiskVerity {
        char *name;     /* of the device below /dev/mapper; NULL: none */
        bool is_shared; /* it was there already, for another mount of the same image */
} DiskVerity;

typedef struct DiskVerityArgs {
        const char *image;         /* its name, for sentences */
        const char *data, *hashes; /* paths of block devices */
        const uint8_t *hash;       /* DISK_HASH_SIZE bytes */
        const char *device;        /* its name: the same for the same data and hash */
} DiskVerityArgs;

/** disk_verity_hash() - the root hash that a pair of partitions carries
 * By the Discoverable Partitions Specification the UUID of the data is its first half, and that of
 * the hashes its second. */
void disk_verity_hash(const DiskPartition *data, const DiskPartition *hashes,
                      uint8_t ret[static DISK_HASH_SIZE]);

/** disk_verity_open() - set the device up, or use the one of that name
 * The data can be in one device only.
 * @ret caller calls disk_verity_done()
 * Return: 0; -EOPNOTSUPP the kernel or this system cannot; -EINVAL, -EIO the data is not what the
 * hash stands for; negative errno. */
int disk_verity_open(const DiskVerityArgs *args, DiskVerity *ret, Fault *reterr);

/** disk_verity_path() - the node of the device; waits for it, at most 5 s
 * Return: newly allocated, caller frees; NULL: there is none. */
char *disk_verity_path(const DiskVerity *v);

/** disk_verity_done() - let go of the device: it vanishes with the last mount of it */
void disk_verity_done(DiskVerity *v);
#define _cleanup_verity_ _cleanup_(disk_verity_done)
