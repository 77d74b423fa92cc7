/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz.h"
#include "image/decompress.h"

#define N_OUTPUT_MAX (4U << 20)

typedef struct Pieces {
        const uint8_t *data;
        size_t n, step;
} Pieces;

static int next(void *userdata, const uint8_t **ret, size_t *ret_n, Fault *reterr)
{
        Pieces *p = userdata;

        *ret = p->data;
        *ret_n = p->n < p->step ? p->n : p->step;
        p->data += *ret_n;
        p->n -= *ret_n;
        return *ret_n > 0;
}

/* The first byte says in what pieces the rest comes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        if (n == 0)
                return 0;
        char *copy = fuzz_copy(data + 1, n - 1);
        Pieces pieces = {.data = (uint8_t *)copy, .n = n - 1, .step = data[0] ? data[0] : 4096};
        const ByteSource in = {.next = next, .userdata = &pieces};
        _cleanup_fault_ Fault fault = {0};
        Decompress *d = NULL;
        const uint8_t *run;
        size_t n_run, n_all = 0;

        int r = decompress_new(&in, COMPRESSION_ANY, &d, &fault);
        if (r >= 0) {
                ByteSource out = decompress_source(d);

                PROMISE(decompress_kind(d) != COMPRESSION_ANY);
                while (n_all < N_OUTPUT_MAX &&
                       (r = out.next(out.userdata, &run, &n_run, &fault)) > 0) {
                        PROMISE(n_run > 0);
                        n_all += n_run;
                }
                PROMISE(r != 0 || decompress_kind(d) != COMPRESSION_NONE || n_all == n - 1);
        }
        PROMISE((r < 0) == (fault.code != FAULT_NONE));
        decompress_free(d);
        free(copy);
        return 0;
}
