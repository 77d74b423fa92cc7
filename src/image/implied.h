/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tar.implied: the directories of a layer that its archive does not tell of, but has files in. The
 * trees below know what they are like; see layer_adopt().
 *
 * Records of '+' or '-', a path and a NUL; of a path the last one counts: '+' is implied, '-' is
 * not (any more). */
#pragma once

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>

#define IMPLIED_BYTES_MAX (1U << 20) /* then no more are noted */

typedef struct Implied {
        int dirfd; /* of the layer; borrowed */
        int fd;
        size_t n_bytes;
        bool root_told;
} Implied;

/** implied_note() - a directory was made, or told of
 * @path,n of tar_path_clean(); 0 bytes: the root
 * Return: 0; negative errno. */
int implied_note(Implied *i, const char *path, size_t n, bool is_implied);
/** implied_end() - all entries have come: if none was for the root, it is implied too
 * Return: 0; negative errno. */
int implied_end(Implied *i);
/** implied_read() - the paths that are implied, those above first
 * @ret caller frees with strv_free(); NULL: none
 * Return: 0; -EBADMSG damaged; negative errno. */
int implied_read(int dirfd, char ***ret);
