/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loop devices: a part of a file as a block device (LOOP_CONFIGURE, Linux 5.8). */
#pragma once

#include <stdint.h>
#include <sys/types.h>

typedef struct LoopDevice {
        int fd;     /* keeps it; once no descriptor and no mount does, it vanishes by itself */
        dev_t node; /* for mknod(2) */
        unsigned number;
} LoopDevice;

/** loop_attach() - a read-only block device over a part of a file
 * One that is there already for the same part of the same file is used again: then all its mounts
 * share one superblock and one cache, which some file systems insist on.
 * @dir          directory on a file system where device nodes work, to make one in
 * @file         the file, open for reading
 * @offset,@size the part, in whole sectors
 * @ret          caller calls loop_done()
 * Return: 0; -ENODEV the kernel has no loop devices; negative errno. */
int loop_attach(int dir, int file, uint64_t offset, uint64_t size, LoopDevice *ret);

/** loop_done() - let go of it */
void loop_done(LoopDevice *l);
#define _cleanup_loop_ _cleanup_(loop_done)

/** loop_node_name() - the name of the node that loop_attach() has made in its directory */
const char *loop_node_name(const LoopDevice *l, char buf[static 24]);
