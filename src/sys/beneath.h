/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files below a directory that belongs to a stranger: no component of a path may be a symlink,
 * nothing leads out (openat2(2), Linux 5.6). */
#pragma once

#include "base/cleanup.h"

#include <stdint.h>
#include <sys/types.h>

/** beneath_open() - open a path below @rootfd
 * @path "/a/b" or "a/b", both relative to @rootfd; "/" for @rootfd itself
 * @flags as for open(2); O_CLOEXEC and O_NOCTTY are added
 * Return: descriptor; -ELOOP a component is a symlink; else from openat2(2). */
int beneath_open(int rootfd, const char *path, uint64_t flags, mode_t mode);

/** beneath_parent() - open the directory that holds a path
 * @ret_name the last component, inside @path
 * Return: O_PATH descriptor; as beneath_open(). */
int beneath_parent(int rootfd, const char *path, const char **ret_name);

/** beneath_mkdir() - make a directory if there is none
 * Return: 1 made; 0 was there; -ENOTDIR something else is in its place; -ELOOP; negative errno. */
int beneath_mkdir(int rootfd, const char *path, mode_t mode);

/** beneath_replace() - put a new regular file in the place of whatever is there
 * A directory in its place is an error. Written under a temporary name and renamed.
 * Return: 1 written; 0 the same content was there; negative errno. */
int beneath_replace(int rootfd, const char *path, const void *data, size_t n, mode_t mode);

/** beneath_read() - a regular file below @rootfd, for text of a stranger
 * Never blocks on a FIFO, reads at most @max bytes.
 * @ret NUL-terminated, caller frees
 * Return: 0; -EFBIG; -EBADFD not a regular file; negative errno. */
int beneath_read(int rootfd, const char *path, size_t max, char **ret, size_t *ret_n);
