/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a tree of a stranger's would be booted with. */
#pragma once

#include <stdbool.h>

/** tree_find_init() - the init of a tree
 * Symbolic links are followed as if the tree was the root directory.
 * @root             directory
 * @ret_is_systemd   whether it is systemd
 * Return: static string, a path inside; NULL: there is none. */
const char *tree_find_init(int root, bool *ret_is_systemd);
/** tree_find_init_by() - likewise, of a tree that is not a directory
 * @is_program is there a file that can be executed at this path? */
const char *tree_find_init_by(bool (*is_program)(const void *userdata, const char *path),
                              const void *userdata, bool *ret_is_systemd);
