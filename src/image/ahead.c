/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/ahead.h"

#include "image/ring.h"

#include <string.h>

struct Ahead {
        ByteSource source;
        Ring *ring;
        Digest *digest;
        pthread_t thread;
        bool running;
        int error;   /* how the thread ended, once it was joined */
        Fault fault; /* likewise */
};

static int copy(Ahead *a, const uint8_t *data, size_t n)
{
        while (n > 0) {
                uint8_t *block;
                size_t part = MIN2(n, RING_BLOCK_SIZE);

                int r = ring_block(a->ring, &block);
                if (r < 0)
                        return r;
                memcpy(block, data, part);
                ring_put(a->ring, part);
                data += part;
                n -= part;
        }
        return 0;
}

static void *read_ahead(void *userdata)
{
        Ahead *a = userdata;
        const uint8_t *data;
        size_t n;
        int r;

        while ((r = a->source.next(a->source.userdata, &data, &n, &a->fault)) > 0) {
                r = copy(a, data, n);
                if (r >= 0)
                        r = digest_update(a->digest, data, n);
                if (r < 0)
                        break;
        }
        a->error = r;
        ring_close(a->ring, r);
        return NULL;
}

int ahead_new(const ByteSource *source, Ahead **ret)
{
        _cleanup_ahead_ Ahead *a = calloc(1, sizeof(*a));

        if (!a || !(a->ring = ring_new(1)) || !(a->digest = digest_new()))
                return -ENOMEM;
        a->source = *source;
        int r = ring_thread(&a->thread, read_ahead, a);
        if (r < 0)
                return r;
        a->running = true;
        *ret = TAKE_PTR(a);
        return 0;
}

static void join(Ahead *a)
{
        if (a->running)
                (void)pthread_join(a->thread, NULL); /* fails only for what is no thread */
        a->running = false;
}

Ahead *ahead_free(Ahead *a)
{
        if (!a)
                return NULL;
        if (a->running)
                ring_abort(a->ring);
        join(a);
        ring_free(a->ring);
        digest_free(a->digest);
        fault_done(&a->fault);
        free(a);
        return NULL;
}

static int next(void *userdata, const uint8_t **ret, size_t *ret_n, Fault *reterr)
{
        Ahead *a = userdata;

        int r = ring_get(a->ring, 0, ret, ret_n);
        if (r > 0)
                return r;
        join(a);
        if (a->error >= 0)
                return r;
        if (a->fault.code == FAULT_NONE)
                return stream_fault(reterr, a->error, "cannot read");
        return fault_set(reterr, a->fault.code, a->error, "%s",
                         a->fault.message ?: "out of memory");
}

ByteSource ahead_source(Ahead *a)
{
        return (ByteSource){.next = next, .userdata = a};
}

int ahead_digest(Ahead *a, char ret[static DIGEST_TEXT_MAX])
{
        join(a);
        return digest_end(a->digest, ret);
}
