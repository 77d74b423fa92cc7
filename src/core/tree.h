/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories that machines are started from. Looked at, never changed; what is inside belongs to
 * strangers, and nothing is followed out of it. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>

/* What a plan needs to know of a tree. */
typedef struct Tree {
        char *path;       /* canonical, no symlink in it; NULL: of layers */
        const char *init; /* not owned; path inside; NULL: the tree has none */
        bool init_is_systemd;
        bool is_disk, has_usr; /* the path is of a disk image, whose mounts go with the plan */
} Tree;

/** tree_probe() - look at a directory
 * @path host path of an image or a RootDirectory=
 * Return: 0; -ENOENT, -ENOTDIR .. with FAULT_START_FAILED. */
int tree_probe(const char *path, Tree *ret, Fault *reterr);
/** tree_probe_layers() - look for an init in the layers of an image
 * As a machine sees them: merged, whiteouts, opaque directories and symbolic links minded.
 * @store  directory that holds them
 * @layers names in it, topmost first
 * @ret    without a path */
void tree_probe_layers(const char *store, char *const *layers, Tree *ret);
/** tree_done() - free what a Tree holds */
void tree_done(Tree *t);
#define _cleanup_tree_ _cleanup_(tree_done)
