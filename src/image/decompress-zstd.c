/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/decompressor.h"

#include <zstd.h>
#include <zstd_errors.h>

typedef struct Zstd {
        const ByteSource *in;
        ZSTD_DCtx *context;
        ZSTD_inBuffer input;
        bool within; /* a frame */
} Zstd;

static int step(Zstd *z, ZSTD_outBuffer *output, Fault *reterr)
{
        size_t before = output->pos;
        bool ended = false;

        if (z->input.pos == z->input.size) {
                const uint8_t *data;
                size_t n;
                int r = z->in->next(z->in->userdata, &data, &n, reterr);

                if (r < 0)
                        return r;
                ended = r == 0;
                if (ended && !z->within)
                        return 0;
                z->input = (ZSTD_inBuffer){.src = ended ? NULL : data, .size = ended ? 0 : n};
        }
        size_t left = ZSTD_decompressStream(z->context, output, &z->input);
        if (ZSTD_isError(left) &&
            ZSTD_getErrorCode(left) == ZSTD_error_frameParameter_windowTooLarge)
                return fault_set(reterr, FAULT_FAILED, EFBIG,
                                 "the zstd stream wants a window of more than %d MiB",
                                 1 << (ZSTD_WINDOW_LOG_MAX - 20));
        if (ZSTD_isError(left))
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "the zstd stream is damaged: %s",
                                 ZSTD_getErrorName(left));
        z->within = left > 0;
        if (ended && z->within && output->pos == before)
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "the zstd stream is truncated");
        return 1;
}

static int zstd_into(void *state, uint8_t *data, size_t n, size_t *ret_n, Fault *reterr)
{
        ZSTD_outBuffer output = {.dst = data, .size = n};
        int r = 1;

        while (r > 0 && output.pos < output.size)
                r = step(state, &output, reterr);
        *ret_n = output.pos;
        return MIN2(r, 0);
}

static void zstd_free(void *state)
{
        Zstd *z = state;

        (void)ZSTD_freeDCtx(z->context);
        free(z);
}

int decompressor_zstd(const ByteSource *in, Decompressor *ret)
{
        Zstd *z = calloc(1, sizeof(*z));

        if (!z || !(z->context = ZSTD_createDCtx()) ||
            ZSTD_isError(
                    ZSTD_DCtx_setParameter(z->context, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX))) {
                if (z)
                        zstd_free(z);
                return -ENOMEM;
        }
        z->in = in;
        z->within = true;
        *ret = (Decompressor){.into = zstd_into, .free = zstd_free, .state = z};
        return 0;
}
