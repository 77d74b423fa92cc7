/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From files to an archive, while others may change them. */
#pragma once

#include "copy/copy-place.h"
#include "copy/copy-text.h"
#include "image/stream.h"

typedef struct CopyPackArgs {
        CopyPlace place;       /* borrowed */
        const char *top;       /* what it is called in the archive; "": a directory's contents */
        const char *shown;     /* its path, for sentences */
        LayerControl *control; /* may be NULL; n_out counts bytes of files */
} CopyPackArgs;

/** copy_pack() - write a file or directory as an archive
 * No link is followed; owners as numbers, hard links, holes, attributes and ACLs are kept. Devices
 * and sockets are left out, and what is in file systems of the kernel, such as /proc. What vanishes
 * meanwhile is left out, what shrinks is filled up with zeros; both are counted.
 * Return: 0; -ENOENT there is no such file; -EOPNOTSUPP it cannot be copied; -ECANCELED; negative
 * errno, with @reterr set. */
int copy_pack(const CopyPackArgs *args, const ByteSink *out, CopyResult *result, Fault *reterr);
