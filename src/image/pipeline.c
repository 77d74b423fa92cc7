/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/pipeline.h"

#include "image/ring.h"

#include <string.h>

enum {
        READER_HASH,
        READER_WRITE,
        N_READERS,
};

typedef struct Pipeline {
        const Producer *producer;
        Ring *ring;
        LayerControl *control;
        uint64_t n_max, n;
        uint8_t *block; /* being filled by a producer that writes */
        size_t n_block;
        int produced, hashed; /* how these two ended */
        Fault produced_fault;
        Digest *digest;
        char digest_text[DIGEST_TEXT_MAX];
} Pipeline;

/* n bytes are in the block that ring_block() gave. */
static int put(Pipeline *p, size_t n, Fault *reterr)
{
        p->n += n;
        if (p->n > p->n_max)
                return fault_set(reterr, FAULT_FAILED, EFBIG,
                                 "the archive has more than %llu bytes unpacked",
                                 (unsigned long long)p->n_max);
        if (p->control)
                atomic_store_explicit(&p->control->n_out, p->n, memory_order_relaxed);
        if (n > 0)
                ring_put(p->ring, n);
        return stream_cancelled(p->control, reterr);
}

static int sink_write(void *userdata, const void *data, size_t n, Fault *reterr)
{
        Pipeline *p = userdata;
        const uint8_t *from = data;

        while (n > 0) {
                int r = p->block ? 0 : ring_block(p->ring, &p->block);
                if (r < 0)
                        return r;
                size_t part = MIN2(n, RING_BLOCK_SIZE - p->n_block);
                memcpy(p->block + p->n_block, from, part);
                p->n_block += part;
                from += part;
                n -= part;
                if (p->n_block < RING_BLOCK_SIZE)
                        break;
                p->block = NULL;
                p->n_block = 0;
                r = put(p, RING_BLOCK_SIZE, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int produce_by_writing(Pipeline *p, Fault *reterr)
{
        const ByteSink out = {.write = sink_write, .userdata = p};
        int r = p->producer->run(p->producer->userdata, &out, reterr);

        return r < 0 || !p->block ? r : put(p, p->n_block, reterr);
}

static int produce_by_filling(Pipeline *p, Fault *reterr)
{
        for (;;) {
                uint8_t *block;
                size_t n = 0;

                int r = ring_block(p->ring, &block);
                if (r >= 0)
                        r = p->producer->into(p->producer->userdata, block, RING_BLOCK_SIZE, &n,
                                              reterr);
                if (r >= 0)
                        r = put(p, n, reterr);
                if (r < 0 || n == 0)
                        return r;
        }
}

static void *produce(void *userdata)
{
        Pipeline *p = userdata;

        p->produced = p->producer->into ? produce_by_filling(p, &p->produced_fault)
                                        : produce_by_writing(p, &p->produced_fault);
        ring_close(p->ring, p->produced);
        return NULL;
}

static void *hash(void *userdata)
{
        Pipeline *p = userdata;
        const uint8_t *data;
        size_t n;
        int r;

        while ((r = ring_get(p->ring, READER_HASH, &data, &n)) > 0) {
                r = digest_update(p->digest, data, n);
                if (r < 0) {
                        ring_abort(p->ring);
                        break;
                }
        }
        p->hashed = r < 0 ? r : digest_end(p->digest, p->digest_text);
        return NULL;
}

static int source_next(void *userdata, const uint8_t **ret, size_t *ret_n, Fault *reterr)
{
        Pipeline *p = userdata;

        return ring_get(p->ring, READER_WRITE, ret, ret_n);
}

/* Who failed first? The others have -EPIPE of the ring and nothing to tell. */
static int verdict(Pipeline *p, int consumed, Fault *reterr)
{
        if (consumed < 0 && consumed != -EPIPE)
                return consumed;
        if (p->produced < 0 && p->produced != -EPIPE) {
                Fault *f = &p->produced_fault;

                return fault_set(reterr, f->code ? f->code : FAULT_FAILED, p->produced, "%s",
                                 f->message ? f->message : strerror(-p->produced));
        }
        if (p->hashed < 0 || consumed < 0)
                return stream_fault(reterr, p->hashed < 0 ? p->hashed : consumed,
                                    "cannot read the archive");
        return 0;
}

int pipeline_run(const Producer *producer, uint64_t n_max, LayerControl *control,
                 int (*consume)(void *userdata, const ByteSource *tar, Fault *reterr),
                 void *userdata, PipelineResult *ret, Fault *reterr)
{
        _cleanup_ring_ Ring *ring = ring_new(N_READERS);
        _cleanup_digest_ Digest *digest = digest_new();
        Pipeline p = {.producer = producer,
                      .ring = ring,
                      .control = control,
                      .n_max = n_max,
                      .digest = digest};
        pthread_t producing, hashing;

        int r = ring && digest ? ring_thread(&producing, produce, &p) : -ENOMEM;
        if (r < 0)
                return stream_fault(reterr, r, "cannot start");
        bool has_hash = (r = ring_thread(&hashing, hash, &p)) >= 0;
        if (has_hash) {
                const ByteSource tar = {.next = source_next, .userdata = &p};
                r = consume(userdata, &tar, reterr);
        } else
                r = stream_fault(reterr, r, "cannot start");
        if (r < 0)
                ring_abort(ring);
        (void)pthread_join(producing, NULL);
        if (has_hash)
                (void)pthread_join(hashing, NULL);
        r = verdict(&p, r, reterr);
        fault_done(&p.produced_fault);
        if (r >= 0) {
                memcpy(ret->digest, p.digest_text, sizeof(ret->digest));
                ret->n = p.n;
        }
        return r;
}
