/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what a file system says of a file to an entry of an archive. */
#pragma once

#include "image/tar-entry.h"

#include <sys/stat.h>

/** pack_entry_stat() - type, mode, owner, size, time and device number
 * Return: 0; -ENOTSUP a socket, which tar does not have. */
int pack_entry_stat(TarEntry *e, const struct stat *st);
/** pack_entry_link() - the target of the symlink @name
 * Return: 0; -ENAMETOOLONG; negative errno. */
int pack_entry_link(TarEntry *e, int dirfd, const char *name);
/** pack_entry_xattrs() - the attributes of an open file, without those of overlay and of the host's
 * security modules
 * Return: 0; -EOPNOTSUPP overlay's redirect or metacopy: it is not the whole file; negative
 * errno. */
int pack_entry_xattrs(TarEntry *e, int fd);
/** pack_entry_xattrs_of() - the same by a path, whose last link is followed */
int pack_entry_xattrs_of(TarEntry *e, const char *path);
/** pack_entry_extents() - which parts of an open regular file have data, if it has holes
 * Return: 0; negative errno. */
int pack_entry_extents(TarEntry *e, int fd, const struct stat *st);
