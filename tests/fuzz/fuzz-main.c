/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz-NAME DIRECTORY: the fuzzer as an ordinary test, over its corpus. */
#include "base/io.h"
#include "fuzz/fuzz.h"

#include <fcntl.h>

int main(int argc, char **argv)
{
        _cleanup_closedir_ DIR *d = argc == 2 ? opendir(argv[1]) : NULL;
        size_t n_files = 0;
        struct dirent *e;

        if (!d) {
                (void)fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
                return 1;
        }
        while ((e = readdir(d))) {
                _cleanup_free_ char *data = NULL;
                size_t n;

                if (e->d_name[0] == '.')
                        continue;
                (void)printf("%s\n", e->d_name); /* the last one told is the one that crashed */
                (void)fflush(stdout);
                if (read_file_at(dirfd(d), e->d_name, 16U << 20, &data, &n) < 0)
                        return 1;
                (void)LLVMFuzzerTestOneInput((const uint8_t *)data, n);
                n_files++;
        }
        return n_files > 0 ? 0 : 1; /* an empty corpus tests nothing */
}
