/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/compress.h"

#include <isa-l/igzip_lib.h>
#include <string.h>
#include <zstd.h>

#define OUTPUT_MAX (128U << 10)
#define ZSTD_LEVEL 3
#define GZIP_LEVEL 3 /* the best that ISA-L has: as large as gzip -3, in a fraction of its time */

struct Compress {
        Compression kind;
        ByteSink out;
        Digest *digest;
        uint64_t n;
        struct isal_zstream gzip;
        uint8_t *level;
        ZSTD_CCtx *zstd;
        uint8_t output[OUTPUT_MAX];
};

static int prepare(Compress *c)
{
        if (!(c->digest = digest_new()))
                return -ENOMEM;
        if (c->kind == COMPRESSION_GZIP) {
                isal_deflate_init(&c->gzip);
                c->gzip.gzip_flag = IGZIP_GZIP;
                c->gzip.level = GZIP_LEVEL;
                c->gzip.level_buf_size = ISAL_DEF_LVL3_EXTRA_LARGE;
                c->gzip.level_buf = c->level = malloc(ISAL_DEF_LVL3_EXTRA_LARGE);
                return c->level ? 0 : -ENOMEM;
        }
        if (c->kind != COMPRESSION_ZSTD)
                return 0;
        c->zstd = ZSTD_createCCtx();
        return c->zstd && !ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel,
                                                               ZSTD_LEVEL))
                       ? 0
                       : -ENOMEM;
}

int compress_new(Compression kind, const ByteSink *out, Compress **ret, Fault *reterr)
{
        _cleanup_compress_ Compress *c = calloc(1, sizeof(*c));

        if (kind != COMPRESSION_NONE && kind != COMPRESSION_GZIP && kind != COMPRESSION_ZSTD)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "cannot compress with '%s'",
                                 compression_name(kind) ? compression_name(kind) : "?");
        if (c) {
                c->kind = kind;
                c->out = *out;
        }
        if (!c || prepare(c) < 0)
                return fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        *ret = TAKE_PTR(c);
        return 0;
}

Compress *compress_free(Compress *c)
{
        if (c) {
                digest_free(c->digest);
                (void)ZSTD_freeCCtx(c->zstd);
                free(c->level);
        }
        free(c);
        return NULL;
}

static int emit(Compress *c, const void *data, size_t n, Fault *reterr)
{
        if (n == 0)
                return 0;
        c->n += n;
        if (digest_update(c->digest, data, n) < 0)
                return fault_set(reterr, FAULT_FAILED, EIO, "cannot compute the digest");
        return c->out.write(c->out.userdata, data, n, reterr);
}

static int gzip_run(Compress *c, const uint8_t *data, size_t n, bool end, Fault *reterr)
{
        c->gzip.next_in = (uint8_t *)data; /* only read from */
        c->gzip.avail_in = (uint32_t)n;
        c->gzip.end_of_stream = end;
        do {
                c->gzip.next_out = c->output;
                c->gzip.avail_out = sizeof(c->output);
                if (isal_deflate(&c->gzip) != COMP_OK)
                        return fault_set(reterr, FAULT_FAILED, EIO, "cannot compress");
                int r = emit(c, c->output, sizeof(c->output) - c->gzip.avail_out, reterr);
                if (r < 0)
                        return r;
        } while (c->gzip.avail_out == 0 || c->gzip.avail_in > 0);
        return 0;
}

static int zstd_run(Compress *c, const uint8_t *data, size_t n, bool end, Fault *reterr)
{
        ZSTD_inBuffer in = {.src = data, .size = n};
        size_t left;

        do {
                ZSTD_outBuffer out = {.dst = c->output, .size = sizeof(c->output)};

                left = ZSTD_compressStream2(c->zstd, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
                if (ZSTD_isError(left))
                        return fault_set(reterr, FAULT_FAILED, EIO, "cannot compress: %s",
                                         ZSTD_getErrorName(left));
                int r = emit(c, c->output, out.pos, reterr);
                if (r < 0)
                        return r;
        } while (in.pos < in.size || (end && left > 0));
        return 0;
}

static int run(Compress *c, const uint8_t *data, size_t n, bool end, Fault *reterr)
{
        if (c->kind == COMPRESSION_GZIP)
                return gzip_run(c, data, n, end, reterr);
        if (c->kind == COMPRESSION_ZSTD)
                return zstd_run(c, data, n, end, reterr);
        return emit(c, data, n, reterr);
}

static int sink_write(void *userdata, const void *data, size_t n, Fault *reterr)
{
        const uint8_t *p = data;
        int r = 0;

        while (r >= 0 && n > 0) {
                size_t part = MIN2(n, UINT32_MAX / 2);

                r = run(userdata, p, part, false, reterr);
                p += part;
                n -= part;
        }
        return r;
}

ByteSink compress_sink(Compress *c)
{
        return (ByteSink){.write = sink_write, .userdata = c};
}

int compress_end(Compress *c, char *digest, uint64_t *ret_n, Fault *reterr)
{
        char text[DIGEST_TEXT_MAX];

        int r = run(c, NULL, 0, true, reterr);
        if (r < 0)
                return r;
        if (digest_end(c->digest, text) < 0)
                return fault_set(reterr, FAULT_FAILED, EIO, "cannot compute the digest");
        if (digest)
                memcpy(digest, text, sizeof(text));
        if (ret_n)
                *ret_n = c->n;
        return 0;
}
