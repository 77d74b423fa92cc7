/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory that a fuzzer lets files be written to. */
#pragma once

#include "fuzz/fuzz.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

/** fuzz_place_names() - how many names it has, "." and ".." among them */
static inline size_t fuzz_place_names(const char *path)
{
        DIR *d = opendir(path);
        size_t n = 0;

        PROMISE(d);
        while (readdir(d))
                n++;
        (void)closedir(d);
        return n;
}

static inline int fuzz_place_remove_path(const char *path, const struct stat *st, int kind,
                                         struct FTW *ftw)
{
        return remove(path);
}

/** fuzz_place_remove() - delete it with all that is in it */
static inline void fuzz_place_remove(const char *path)
{
        (void)nftw(path, fuzz_place_remove_path, 600, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
