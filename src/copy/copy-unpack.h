/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From an archive, which may be a stranger's, to files below a directory that may be one's, too:
 * nothing is written outside of it, and through no link in it. */
#pragma once

#include "copy/copy-place.h"
#include "copy/copy-text.h"
#include "image/stream.h"

#include <sys/types.h>

typedef struct CopyUnpackArgs {
        CopyPlace place; /* borrowed */
        /* The archive has one entry at its top, and that is to have the name of the place, unless
         * that is a directory. Otherwise the place must be a directory. */
        bool rename;
        bool archive; /* owners, set-id bits and all attributes, too; also of directories that are
                       * there already */
        mode_t mask;  /* bits that no file gets unless archive is set */
        const char *shown;     /* its path, for sentences */
        LayerControl *control; /* may be NULL */
} CopyUnpackArgs;

/** copy_unpack() - write the files of an archive
 * A file has its name only once it is whole, then it takes the place of what had it; a directory
 * only takes that of a directory, and keeps what is in it. Devices are left out.
 * Return: 0; -EBADMSG damaged; -EISDIR, -ENOTDIR the one where the other is; -ENOTDIR something on
 * the way is a link; negative errno, with @reterr set. */
int copy_unpack(const CopyUnpackArgs *args, const ByteSource *tar, CopyResult *result,
                Fault *reterr);

/** copy_unpack_abandon() - remove the file that is not whole yet
 * From a signal handler or another thread, before the process ends. */
void copy_unpack_abandon(void);
