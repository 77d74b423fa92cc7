/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The libraries behind decompress.h, one a file. */
#pragma once

#include "image/decompress.h"

/* One library at work on one stream. */
typedef struct Decompressor {
        /* as decompress_into() */
        int (*into)(void *state, uint8_t *data, size_t n, size_t *ret_n, Fault *reterr);
        void (*free)(void *state);
        void *state;
} Decompressor;

/** decompressor_gzip() - ISA-L's inflate
 * @in borrowed until free()
 * Return: 0; -ENOMEM. */
int decompressor_gzip(const ByteSource *in, Decompressor *ret);
/** decompressor_zstd() - libzstd, with a bounded window */
int decompressor_zstd(const ByteSource *in, Decompressor *ret);
/** decompressor_archive() - libarchive's filter for xz, bzip2, lz4 or lzma
 * Return: 0; -ENOMEM; -EOPNOTSUPP libarchive was built without it. */
int decompressor_archive(const ByteSource *in, Compression kind, Decompressor *ret);
/** decompressor_plain() - nothing to do but copy */
int decompressor_plain(const ByteSource *in, Decompressor *ret);
