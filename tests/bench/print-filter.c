/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* print-filter command|boot: what confines the root of a default machine, for `floor`: its
 * capability set, 8 bytes, and its system call filter. */
#include "base/cleanup.h"
#include "plan/capabilities.h"
#include "plan/seccomp-filter.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char *argv[])
{
        _cleanup_settings_ Settings s = {0};
        _cleanup_fault_ Fault fault = {0};
        _cleanup_free_ void *filter = NULL;
        uint32_t n = 0;

        if (argc != 2)
                return 2;
        settings_init(&s);
        uint64_t caps = capabilities_of(&s, strcmp(argv[1], "boot") == 0);
        if (seccomp_filter_compile(caps, &filter, &n, &fault) < 0) {
                (void)fprintf(stderr, "print-filter: %s\n", fault.message ?: "out of memory");
                return 1;
        }
        return fwrite(&caps, sizeof(caps), 1, stdout) == 1 && fwrite(filter, 1, n, stdout) == n ? 0
                                                                                                : 1;
}
