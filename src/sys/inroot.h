/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths as a process with this root would see them: symlinks are followed, and lead nowhere but
 * below it (openat2(2) RESOLVE_IN_ROOT, Linux 5.6). For trees of strangers, where beneath.h is too
 * strict. */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>

/** inroot_open() - open a path as a place, O_PATH
 * @path absolute or not, both relative to @rootfd
 * Return: descriptor; -ENOENT; else from openat2(2). */
int inroot_open(int rootfd, const char *path);

/** inroot_make() - the same, made if it is missing, with every directory above it
 * Whoever exchanges parts of the path meanwhile gets it made elsewhere below @rootfd.
 * @is_directory what to make: a directory 0755, or an empty file 0644
 * Return: descriptor; -ELOOP a symlink of it leads to nothing; negative errno. */
int inroot_make(int rootfd, const char *path, bool is_directory);
