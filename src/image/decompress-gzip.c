/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/decompressor.h"

#include <isa-l/igzip_lib.h>

typedef struct Gzip {
        const ByteSource *in;
        bool ended;  /* the source */
        bool within; /* a member */
        struct inflate_state inflate;
} Gzip;

/* 1: there are bytes to read; 0: the end */
static int fill(Gzip *g, Fault *reterr)
{
        const uint8_t *data;
        size_t n;

        if (g->inflate.avail_in > 0)
                return 1;
        if (g->ended)
                return 0;
        int r = g->in->next(g->in->userdata, &data, &n, reterr);
        if (r < 0)
                return r;
        if (r > 0 && n > UINT32_MAX / 2)
                return fault_set(reterr, FAULT_FAILED, EFBIG, "read too much at a time");
        g->ended = r == 0;
        g->inflate.next_in = r > 0 ? (uint8_t *)data : NULL; /* only read from */
        g->inflate.avail_in = r > 0 ? (uint32_t)n : 0;
        return r;
}

/* Between two members. 1: the next one begins; 0: the end, zeros passed over. */
static int next_member(Gzip *g, Fault *reterr)
{
        for (;;) {
                int r = fill(g, reterr);
                if (r <= 0)
                        return r;
                if (*g->inflate.next_in != 0)
                        break;
                g->inflate.next_in++;
                g->inflate.avail_in--;
        }
        if (*g->inflate.next_in != 0x1f)
                return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                 "bytes follow the end of the gzip stream");
        isal_inflate_reset(&g->inflate);
        g->inflate.crc_flag = ISAL_GZIP;
        g->within = true;
        return 1;
}

/* One call of the library. 1: go on; 0: the end of all members. */
static int step(Gzip *g, Fault *reterr)
{
        if (!g->within) {
                int r = next_member(g, reterr);
                if (r <= 0)
                        return r;
        }
        int r = fill(g, reterr);
        if (r < 0)
                return r;
        uint32_t before = g->inflate.avail_out;
        int k = isal_inflate(&g->inflate);
        if (k < 0)
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "the gzip stream is damaged%s",
                                 k == ISAL_INCORRECT_CHECKSUM ? ": its checksum is another" : "");
        if (g->inflate.block_state == ISAL_BLOCK_FINISH)
                g->within = false;
        else if (r == 0 && g->inflate.avail_out == before && before > 0)
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "the gzip stream is truncated");
        return 1;
}

static int gzip_into(void *state, uint8_t *data, size_t n, size_t *ret_n, Fault *reterr)
{
        Gzip *g = state;
        int r = 1;

        n = MIN2(n, UINT32_MAX / 2);
        g->inflate.next_out = data;
        g->inflate.avail_out = (uint32_t)n;
        while (r > 0 && g->inflate.avail_out > 0)
                r = step(g, reterr);
        *ret_n = n - g->inflate.avail_out;
        return MIN2(r, 0);
}

int decompressor_gzip(const ByteSource *in, Decompressor *ret)
{
        Gzip *g = calloc(1, sizeof(*g));

        if (!g)
                return -ENOMEM;
        g->in = in;
        g->within = true; /* so that an empty stream is a truncated one */
        isal_inflate_init(&g->inflate);
        g->inflate.crc_flag = ISAL_GZIP;
        *ret = (Decompressor){.into = gzip_into, .free = free, .state = g};
        return 0;
}
