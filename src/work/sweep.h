/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/** sweep() - delete everything in a directory, not the directory itself
 * Follows no link and enters no other mount. What cannot be deleted is left, and the rest goes on.
 * @path host path of root's; need not exist
 * Context: takes as long as there are files.
 * Return: 0; the first negative errno. */
int sweep(const char *path);

/** sweep_prefix() - delete those entries of a directory whose names begin so
 * Return: as sweep(). */
int sweep_prefix(const char *path, const char *prefix);
