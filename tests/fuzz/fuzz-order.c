/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lodged sends to lodge-import, down to the check of every key. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "import/operations.h"
#include "wire/frame-header.h"

static void try_order(Frame *f)
{
        _cleanup_order_ Order *o = NULL;
        _cleanup_fault_ Fault fault = {0};

        if (order_new(f, &o, &fault) < 0)
                return;
        const Operation *op = operation_find(order_get(o, ORDER_OPERATION));
        if (!op || order_check(o, op->keys, &fault) < 0) {
                PROMISE(!fault.message || !strpbrk(fault.message, "\n\x1b"));
                return;
        }
        for (const OrderKey *k = op->keys; k && k->name; k++) {
                size_t n = order_count(o, k->name);

                PROMISE(n <= 1 || k->repeated);
                PROMISE(n >= 1 || !k->required);
                PROMISE(k->type != ORDER_DESCRIPTOR || n == 0 || order_fd(o, k->name) >= 0);
                (void)order_flag(o, k->name);
        }
        (void)order_number(o, "uid", 0);
        (void)order_has_layer(o, "sha256:a");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        char *buf = fuzz_copy(data, n);
        _cleanup_frame_ Frame f = {0};

        if (n >= sizeof(FrameHeader)) { /* a header that fits, so that mutations reach the fields */
                FrameHeader h = {.magic = FRAME_MAGIC,
                                 .version = FRAME_VERSION,
                                 .type = FRAME_ORDER,
                                 .size = (uint32_t)n};

                memcpy(buf, &h, sizeof(h));
        }
        if (frame_parse(buf, n, &f) < 0)
                free(buf);
        else
                try_order(&f);
        return 0;
}
