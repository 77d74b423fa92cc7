/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a path of `lodgectl cp` leads: a directory, and a name in it that need not be there. */
#pragma once

#include "base/cleanup.h"

#include <limits.h>
#include <stdbool.h>

/* What paths are relative to. */
typedef struct CopyRoot {
        int fd;           /* AT_FDCWD: the caller's own files */
        bool is_confined; /* "/", ".." and links lead nowhere but below fd */
} CopyRoot;

typedef struct CopyPlace {
        int dirfd;               /* O_PATH */
        char name[NAME_MAX + 1]; /* one component, ".": the directory itself */
        bool wants_directory;    /* the path ended with a slash */
} CopyPlace;

/** copy_place_find() - take a path apart
 * @follow also a symlink at its end
 * Return: 0, whether there is something of that name or not; -ENOENT, -ENOTDIR the directory is
 * missing; -ELOOP; -ENAMETOOLONG; negative errno. */
int copy_place_find(const CopyRoot *root, const char *path, bool follow, CopyPlace *ret);
/** copy_place_done() - close the directory */
void copy_place_done(CopyPlace *p);
#define _cleanup_copy_place_ _cleanup_(copy_place_done)

/** copy_top_name() - what the source of a copy is called: the last component of its path
 * @ret "" where the contents of a directory are meant: of "dir/." as of "/" and ".."
 * Return: 0; -ENAMETOOLONG. */
int copy_top_name(const char *path, char ret[static NAME_MAX + 1]);
