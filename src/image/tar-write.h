/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A writer of tar archives: ustar, with a pax header where ustar cannot say it. The same entries
 * give the same bytes. */
#pragma once

#include "image/stream.h"
#include "image/tar-entry.h"

typedef struct TarWriter TarWriter;

/** tar_writer_new() - write an archive
 * @out copied; what it points to is borrowed until tar_writer_free()
 * Return: 0; -ENOMEM. */
int tar_writer_new(const ByteSink *out, TarWriter **ret);
/** tar_writer_free() - @w may be NULL
 * Return: always NULL. */
TarWriter *tar_writer_free(TarWriter *w);

/** tar_writer_entry() - the header of the next entry
 * The payload of the one before must be complete.
 * @e a directory's path gets its slash here
 * Return: 0; -EINVAL the payload before is not complete; -ENOMEM; negative errno of the sink. */
int tar_writer_entry(TarWriter *w, const TarEntry *e, Fault *reterr);
/** tar_writer_data() - payload of the entry, in as many pieces as one likes
 * Return: 0; -EFBIG more than the entry said; negative errno of the sink. */
int tar_writer_data(TarWriter *w, const void *data, size_t n, Fault *reterr);
/** tar_writer_end() - the two blocks of zeros behind the last entry
 * Return: as tar_writer_entry(). */
int tar_writer_end(TarWriter *w, Fault *reterr);

static inline void tar_writer_freep(TarWriter **w)
{
        tar_writer_free(*w);
}
#define _cleanup_tar_writer_ _cleanup_(tar_writer_freep)
