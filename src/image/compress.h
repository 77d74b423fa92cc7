/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compression of layers that leave: the same bytes in give the same bytes out. */
#pragma once

#include "image/decompress.h"
#include "image/digest.h"

typedef struct Compress Compress;

/** compress_new() - compress what is written to compress_sink()
 * @kind NONE, GZIP or ZSTD
 * @out  gets the compressed bytes; copied, what it points to is borrowed
 * Return: 0; -EOPNOTSUPP another kind; -ENOMEM. */
int compress_new(Compression kind, const ByteSink *out, Compress **ret, Fault *reterr);
/** compress_free() - @c may be NULL; what has not been written with compress_end() is lost
 * Return: always NULL. */
Compress *compress_free(Compress *c);
/** compress_sink() - where the plain bytes go */
ByteSink compress_sink(Compress *c);
/** compress_end() - write what is left
 * @digest,ret_n of all compressed bytes; either may be NULL */
int compress_end(Compress *c, char *digest, uint64_t *ret_n, Fault *reterr);

static inline void compress_freep(Compress **c)
{
        compress_free(*c);
}
#define _cleanup_compress_ _cleanup_(compress_freep)
