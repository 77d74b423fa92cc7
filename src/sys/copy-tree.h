/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is in one directory, copied into another, as the caller's own user may. */
#pragma once

/** copy_tree() - copy all that is in a directory, and its owner, mode, times and attributes
 * Both are of a stranger: no symlink is followed. Names that are in @to already are replaced, but
 * directories stay: what was interrupted can be done again. Holes stay holes. Left out: device
 * nodes and sockets; that two names are one file; attributes that the caller may not set.
 * Return: 0; -ELOOP it is nested too deeply; negative errno of the first failure. */
int copy_tree(int from, int to);
