/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One directory of several trees, seen as overlayfs shows it. */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

typedef struct MergedDir {
        int *fds; /* of the trees that have it, topmost first; owned */
        size_t n;
} MergedDir;

/** merged_root() - the root of @trees
 * Return: 0; negative errno. */
int merged_root(const int *trees, size_t n, MergedDir *ret);
/** merged_done() - close it */
void merged_done(MergedDir *d);
/** merged_names() - all names, sorted by bytes, each once; those hidden by whiteouts and the
 * whiteouts too
 * @ret caller frees with strv_free()
 * Return: number; negative errno. */
ssize_t merged_names(const MergedDir *d, char ***ret);
/** merged_find() - what a name is
 * @ret_tree index in @d of the tree that has it
 * Return: 1; 0 nothing, or hidden: then @ret is the whiteout or zero; negative errno. */
int merged_find(const MergedDir *d, const char *name, struct stat *ret, size_t *ret_tree);
/** merged_enter() - a directory that merged_find() found in tree @tree
 * Return: 0, with no trees in @ret if another file system is mounted there; negative errno. */
int merged_enter(const MergedDir *d, const char *name, size_t tree, MergedDir *ret);
/** merged_open() - open a file of a tree, not following a link and not into another mount
 * Return: descriptor; -EXDEV something is mounted there; negative errno. */
int merged_open(int dirfd, const char *name, int flags);
/** merged_is_opaque() - does this directory hide those below it?
 * Return: 0, 1; negative errno. */
int merged_is_opaque(int fd);

#define _cleanup_merged_ _cleanup_(merged_done)
