/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is in a disk image: plain numbers and short texts, so that a child process can fill it in
 * and its parent can check every byte of it. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>
#include <stdint.h>

#define DISK_PARTITIONS_MAX 128
#define DISK_HASH_SIZE      32 /* bytes of a dm-verity root hash */

/* What a partition is for, by the Discoverable Partitions Specification. */
typedef enum DiskRole {
        DISK_ROOT,
        DISK_USR,
        DISK_ROOT_VERITY,
        DISK_USR_VERITY,
        _DISK_ROLE_MAX,
} DiskRole;

/* Of a bare file system there is one, which begins at 0 and has neither type, UUID nor label. */
typedef struct DiskPartition {
        uint64_t offset, size; /* bytes */
        uint64_t flags;        /* GPT attributes */
        uint32_t number;       /* as other tools count, from 1 */
        uint8_t type[16], uuid[16];
        char label[112];     /* of the partition; UTF-8 of a stranger's */
        char filesystem[24]; /* libblkid's word; empty: not looked at, or nothing known found */
        char fs_label[112];
} DiskPartition;

typedef struct DiskImage {
        uint64_t size;
        uint32_t is_gpt; /* else a bare file system */
        uint32_t n_partitions;
        int32_t roles[_DISK_ROLE_MAX]; /* index of the partition; -1: none */
        DiskPartition partitions[DISK_PARTITIONS_MAX];
} DiskImage;

/** disk_image_init() - nothing known: no partition, no role */
void disk_image_init(DiskImage *d);

/** disk_partition_of() - the partition with that role; NULL: there is none */
const DiskPartition *disk_partition_of(const DiskImage *d, DiskRole role);

/** disk_image_check() - is every number, index and text of what a child sent in its bounds?
 * Return: 0; -EBADMSG. */
int disk_image_check(const DiskImage *d);

/** disk_filesystem_is_mountable() - is it one of those that lodge mounts? */
bool disk_filesystem_is_mountable(const char *type);
#define DISK_FILESYSTEMS "ext4, xfs, btrfs, squashfs and erofs"

/** disk_role_name() - the word for people: "root", "usr", .. */
const char *disk_role_name(DiskRole role);

/** disk_image_unused() - a sentence on partitions with files that a machine will not see
 * @name the image's
 * @ret  newly allocated, caller frees; NULL if there are none
 * Return: 0; -ENOMEM. */
int disk_image_unused(const DiskImage *d, const char *name, char **ret);

/** disk_image_describe() - what is in it, for people
 * @ret lines "what: value", cleaned; caller frees with strv_free()
 * Return: 0; -ENOMEM. */
int disk_image_describe(const DiskImage *d, char ***ret);
