/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* print-disk [--chosen] FILE: what lodge-work would find in a disk image. The sentence of a refusal
 * goes to standard error, with exit status 1; what was found until then is printed all the same. */
#include "base/text.h"
#include "disk/disk-probe.h"

#include <fcntl.h>
#include <string.h>

int main(int argc, char **argv)
{
        bool chosen = argc == 3 && streq(argv[1], "--chosen");
        _cleanup_strv_free_ char **lines = NULL;
        _cleanup_fault_ Fault f = {0};
        DiskImage d;

        if (argc != 2 + chosen)
                return 2;
        const char *file = argv[argc - 1], *slash = strrchr(file, '/');
        _cleanup_close_ int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return 2;
        DiskProbeArgs a = {.fd = fd, .name = slash ? slash + 1 : file, .all = !chosen};
        int r = geteuid() == 0 ? disk_probe(&a, 65534, 65534, &d, &f)
                               : disk_probe(&a, 0, 0, &d, &f);
        if (disk_image_describe(&d, &lines) < 0)
                return 2;
        STRV_FOREACH (line, lines)
                (void)puts(*line);
        if (r < 0)
                (void)fprintf(stderr, "%s: %s\n", fault_code_name(f.code), f.message);
        return r < 0;
}
