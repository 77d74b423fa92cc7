/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images: directory trees that machines are started from. Looked at, never changed; what is inside
 * belongs to strangers, and nothing is followed out of it. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>

/* What a plan needs to know of a tree. */
typedef struct Tree {
        char *path;       /* canonical, no symlink in it */
        const char *init; /* static; path inside; NULL: the tree has none */
        bool init_is_systemd;
} Tree;

/** tree_probe() - look at a directory
 * @path host path of an image or a RootDirectory=
 * Return: 0; -ENOENT, -ENOTDIR .. with FAULT_START_FAILED. */
int tree_probe(const char *path, Tree *ret, Fault *reterr);
/** tree_done() - free what a Tree holds */
void tree_done(Tree *t);
#define _cleanup_tree_ _cleanup_(tree_done)

/** image_find() - the directory of an image
 * @name from anybody; checked
 * @ret  its path, caller frees
 * Return: 0; -EINVAL FAULT_INVALID_NAME; -ENOENT FAULT_NO_SUCH_IMAGE with the places looked at. */
int image_find(const char *root, const char *name, char **ret, Fault *reterr);

/** image_list() - all images
 * Return: new vector name, path, name, path .., sorted by name; caller frees with g_strfreev(). */
char **image_list(const char *root);
