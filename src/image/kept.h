/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading tar.kept (tar-map.h): data of files that later entries replaced. */
#pragma once

#include "base/fault.h"

#include <stddef.h>
#include <stdint.h>

typedef struct KeptFile {
        char *path;
        uint64_t offset, size; /* of the data */
        size_t n_order;        /* in the file */
        size_t n_used;         /* of the first of a path: how many of them have been given out */
} KeptFile;

typedef struct Kept {
        int fd;          /* -EBADF: nothing was kept */
        KeptFile *files; /* by path, then order */
        size_t n_files;
} Kept;

/** kept_open() - read the list
 * @dirfd of the layer
 * Return: 0, also if there is no such file; -EBADMSG; negative errno; with @reterr set. */
int kept_open(int dirfd, Kept *ret, Fault *reterr);
/** kept_next() - the data of the next entry with this path
 * Return: borrowed; NULL: it is in the tree. */
const KeptFile *kept_next(Kept *k, const char *path);
/** kept_done() - close and free it */
void kept_done(Kept *k);

#define _cleanup_kept_ _cleanup_(kept_done)
