/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of tar-read.h, shared by its files. */
#pragma once

#include "image/tar-header.h"
#include "image/tar-pax.h"
#include "image/tar-read.h"

struct TarReader {
        ByteSource source;
        TarTap tap;
        const uint8_t *run; /* what is left of the source's run */
        size_t n_run;
        uint64_t offset;    /* of @run in the archive */
        uint64_t n_payload; /* of the current entry, not yet handed out */
        unsigned n_padding; /* behind it */
        TarEntry entry;
        TarPax global, local;
        char *long_path, *long_link; /* GNU's */
        bool extended;               /* a header has come that says something about the next one */
        bool ended;
};

/** tar_reader_take() - copy the next @n bytes and show them to the tap
 * Return: 1; 0 the source ended before the first of them; -EBADMSG within them; negative errno. */
int tar_reader_take(TarReader *r, void *data, size_t n, Fault *reterr);

/** tar_reader_gnu_extents() - the extents of an old GNU sparse file: in the header and in blocks
 * behind it
 * Return: 0; -EBADMSG; -EFBIG; negative errno. */
int tar_reader_gnu_extents(TarReader *r, const TarHeader *h, Fault *reterr);
/** tar_reader_pax_extents() - the extents of a sparse file in a pax archive, once its entry is
 * filled in */
int tar_reader_pax_extents(TarReader *r, Fault *reterr);
