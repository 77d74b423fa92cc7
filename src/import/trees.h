/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directories that a machine's root is put together of. */
#pragma once

#include "import/job.h"

typedef struct Trees {
        int *fds; /* owned, topmost first */
        size_t n;
} Trees;

/** trees_left_out - what no change of a machine is: each start of it writes these files anew */
extern const char *const trees_left_out[];

/** trees_open_layers() - of an image
 * What lies below a layer with an opaque root is left out, as nothing of it is seen.
 * @layers diff_ids, lowest first
 * @ret    trees_done() closes them, also after a failure */
int trees_open_layers(const Job *job, char *const *layers, Trees *ret, Fault *reterr);
/** trees_push_path() - one more, by a path that lodged has sent */
int trees_push_path(Trees *t, const char *path, Fault *reterr);
/** trees_push_fd() - one more, that lodged has sent; @fd is borrowed, -EBADF is none */
int trees_push_fd(Trees *t, int fd, Fault *reterr);
/** trees_push() - one more, below the others
 * @fd consumed on success */
int trees_push(Trees *t, int fd);
/** trees_open() - a directory by a path that lodged has sent
 * Return: descriptor; negative errno. */
int trees_open(const char *path, Fault *reterr);
/** trees_done() - close them */
void trees_done(Trees *t);
#define _cleanup_trees_ _cleanup_(trees_done)
