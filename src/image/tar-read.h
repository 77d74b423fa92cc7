/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A strict streaming reader of tar archives: v7, ustar, pax with global headers, GNU's long names
 * and sparse files. What it does not know it refuses. Memory is bounded by the limits of
 * tar-entry.h. */
#pragma once

#include "image/stream.h"
#include "image/tar-entry.h"

typedef struct TarReader TarReader;

/* Sees each byte that is not handed out as payload: headers, padding, skipped payload, the end. */
typedef struct TarTap {
        int (*raw)(void *userdata, const uint8_t *data, size_t n, Fault *reterr);
        void *userdata;
} TarTap;

/** tar_reader_new() - read an archive
 * @source,tap copied; what they point to is borrowed until tar_reader_free(); @tap may be NULL
 * Return: 0; -ENOMEM. */
int tar_reader_new(const ByteSource *source, const TarTap *tap, TarReader **ret);
/** tar_reader_free() - @r may be NULL
 * Return: always NULL. */
TarReader *tar_reader_free(TarReader *r);

/** tar_reader_next() - the next entry, passing over what is left of this one's payload
 * Without a tap that has to see it, what a file holds there is not even read.
 * At the end of the archive the source is read to its end, which may only bring zeros.
 * @ret belongs to the reader, until the next call
 * Return: 1; 0 the end; -EBADMSG damaged, truncated, or of a kind that is not known; -EFBIG,
 * -ENAMETOOLONG a limit; negative errno of the source or tap. */
int tar_reader_next(TarReader *r, const TarEntry **ret, Fault *reterr);

/** tar_reader_offset() - where the payload of the current entry begins, in bytes of the archive
 * As long as nothing of it was read. */
uint64_t tar_reader_offset(const TarReader *r);

/** tar_reader_payload() - the next run of the entry's data, in place
 * Of a sparse file: its extents, one behind the other.
 * Return: 1; 0 all was read; negative errno. */
int tar_reader_payload(TarReader *r, const uint8_t **ret, size_t *ret_n, Fault *reterr);
/** tar_reader_source() - the payload of the current entry as a source */
ByteSource tar_reader_source(TarReader *r);
/** tar_reader_read_all() - the whole payload of the current entry
 * @max bytes it may have
 * @ret NUL-terminated, caller frees
 * Return: 0; -EFBIG; negative errno. */
int tar_reader_read_all(TarReader *r, size_t max, char **ret, size_t *ret_n, Fault *reterr);

static inline void tar_reader_freep(TarReader **r)
{
        tar_reader_free(*r);
}
#define _cleanup_tar_reader_ _cleanup_(tar_reader_freep)
