/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disk images. The first byte says how much larger than the input the image is, in units of 64 KiB:
 * tables and superblocks that a fuzzer changes are small, the disks that they describe are not. */
#include "base/io.h"
#include "base/text.h"
#include "disk/disk-probe.h"
#include "fuzz/fuzz.h"

#include <sys/mman.h>

static void try_image(int fd, bool all)
{
        DiskProbeArgs a = {.fd = fd, .name = "fuzz", .all = all};
        _cleanup_strv_free_ char **lines = NULL;
        _cleanup_fault_ Fault f = {0};
        DiskImage d;

        int r = disk_probe_here(&a, &d, &f);
        PROMISE(r <= 0 && (r == 0 || f.message));
        PROMISE(!f.message || !strpbrk(f.message, "\n\r\x1b\x7f"));
        PROMISE(disk_image_describe(&d, &lines) == 0);
        STRV_FOREACH (line, lines)
                PROMISE(!strpbrk(*line, "\n\r\x1b\x7f"));
        if (r < 0)
                return;
        PROMISE(disk_image_check(&d) == 0);
        const DiskPartition *root = disk_partition_of(&d, DISK_ROOT);
        const DiskPartition *usr = disk_partition_of(&d, DISK_USR);
        PROMISE(root && root->size > 0 && disk_filesystem_is_mountable(root->filesystem));
        PROMISE(!usr || (usr != root && disk_filesystem_is_mountable(usr->filesystem)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        int fd = memfd_create("fuzz-disk", MFD_CLOEXEC);

        if (n == 0) {
                (void)close(fd);
                return 0;
        }
        PROMISE(fd >= 0 && write_all(fd, data + 1, n - 1) == 0);
        PROMISE(ftruncate(fd, (off_t)(n - 1 + (size_t)data[0] * 65536)) == 0);
        try_image(fd, true);
        try_image(fd, false);
        (void)close(fd);
        return 0;
}
