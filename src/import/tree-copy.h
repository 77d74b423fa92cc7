/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An exact copy of a directory tree: owners, modes, times, hard links, holes, device nodes,
 * capabilities, ACLs and user attributes. */
#pragma once

#include "base/fault.h"
#include "import/progress.h"

/** tree_copy() - copy a directory
 * Files are shared where the file system can (reflink). Nothing of the tree is followed; other file
 * systems mounted in it are left out, and so are sockets.
 * @from  the directory
 * @dirfd,@name where to: must not exist
 * @item  told of the bytes; may be NULL */
int tree_copy(int from, int dirfd, const char *name, ProgressItem *item, Fault *reterr);
