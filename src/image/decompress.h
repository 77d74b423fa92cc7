/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decompression of what strangers compressed, in this process and in bounded memory. No program is
 * run. */
#pragma once

#include "image/stream.h"

#define ZSTD_WINDOW_LOG_MAX 27 /* 128 MiB, what `zstd --long` writes */

typedef enum Compression {
        COMPRESSION_ANY, /* whatever the first bytes say */
        COMPRESSION_NONE,
        COMPRESSION_GZIP,
        COMPRESSION_ZSTD,
        COMPRESSION_XZ,
        COMPRESSION_BZIP2,
        COMPRESSION_LZ4,
        COMPRESSION_LZMA,
        _COMPRESSION_MAX,
} Compression;

typedef struct Decompress Decompress;

/** compression_name() - "gzip", "zstd", "none" ..
 * Return: static string; NULL out of range. */
const char *compression_name(Compression c);

/** compression_from_name() - inverse of it, also for "any"
 * Return: 0; -EINVAL. */
int compression_from_name(const char *name, Compression *ret);

/** compression_of_media_type() - what the media type of a layer says
 * Knows OCI's and Docker's types of layers, also the non-distributable ones.
 * Return: 0; -EINVAL with @reterr set for any other type. */
int compression_of_media_type(const char *media_type, Compression *ret, Fault *reterr);

/** decompress_new() - decompress @in
 * Reads the beginning of @in to learn what it is. Several gzip members or zstd frames in a row are
 * one stream; zeros behind the last gzip member are passed over, anything else there is an error.
 * @in       borrowed until decompress_free()
 * @expected COMPRESSION_ANY, or what it has to be
 * @ret      new object, caller frees
 * Return: 0; -EBADMSG it is something else than @expected or nothing at all; negative errno. */
int decompress_new(const ByteSource *in, Compression expected, Decompress **ret, Fault *reterr);
/** decompress_free() - @d may be NULL
 * Return: always NULL. */
Decompress *decompress_free(Decompress *d);
/** decompress_kind() - what was found: never COMPRESSION_ANY */
Compression decompress_kind(const Decompress *d);
/** decompress_into() - the next plain bytes, into a buffer of the caller's
 * Fills all of @data unless the end is reached.
 * @ret_n bytes written; 0 at the end
 * Return: 0; -EBADMSG damaged or truncated; -EFBIG wants more memory than it gets;
 * negative errno. */
int decompress_into(Decompress *d, uint8_t *data, size_t n, size_t *ret_n, Fault *reterr);
/** decompress_source() - the plain bytes as a source, with a buffer inside @d; in place of
 * decompress_into(), not beside it */
ByteSource decompress_source(Decompress *d);

static inline void decompress_freep(Decompress **d)
{
        decompress_free(*d);
}
#define _cleanup_decompress_ _cleanup_(decompress_freep)
