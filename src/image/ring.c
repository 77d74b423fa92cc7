/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/ring.h"

#include <signal.h>
#include <stdbool.h>

struct Ring {
        pthread_mutex_t lock;
        pthread_cond_t filled, emptied;
        uint64_t n_put;                   /* blocks so far */
        uint64_t n_got[RING_READERS_MAX]; /* begun by each reader: the last one may still be read */
        bool reading[RING_READERS_MAX];
        unsigned n_readers;
        bool closed, aborted;
        int error;
        size_t n[RING_BLOCKS];
        uint8_t *blocks;
};

int ring_thread(pthread_t *ret, void *(*run)(void *), void *userdata)
{
        sigset_t all, before;

        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all,
                              &before); /* fails for a wrong first argument only */
        int r = pthread_create(ret, NULL, run, userdata);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        return -r;
}

Ring *ring_new(unsigned n_readers)
{
        _cleanup_free_ Ring *r = calloc(1, sizeof(*r));

        if (!r || !(r->blocks = malloc((size_t)RING_BLOCKS * RING_BLOCK_SIZE)))
                return NULL;
        r->n_readers = n_readers;
        /* none of these can fail with default attributes */
        (void)pthread_mutex_init(&r->lock, NULL);
        (void)pthread_cond_init(&r->filled, NULL);
        (void)pthread_cond_init(&r->emptied, NULL);
        return TAKE_PTR(r);
}

Ring *ring_free(Ring *r)
{
        if (!r)
                return NULL;
        (void)pthread_cond_destroy(&r->emptied);
        (void)pthread_cond_destroy(&r->filled);
        (void)pthread_mutex_destroy(&r->lock);
        free(r->blocks);
        free(r);
        return NULL;
}

/* Blocks that every reader has left behind. */
static uint64_t n_free(const Ring *r)
{
        uint64_t n = UINT64_MAX;

        for (unsigned i = 0; i < r->n_readers; i++)
                n = MIN2(n, r->n_got[i] - r->reading[i]);
        return n;
}

int ring_block(Ring *r, uint8_t **ret)
{
        (void)pthread_mutex_lock(&r->lock);
        while (!r->aborted && r->n_put - n_free(r) >= RING_BLOCKS)
                (void)pthread_cond_wait(&r->emptied, &r->lock);
        bool aborted = r->aborted;
        *ret = r->blocks + (size_t)(r->n_put % RING_BLOCKS) * RING_BLOCK_SIZE;
        (void)pthread_mutex_unlock(&r->lock);
        return aborted ? -EPIPE : 0;
}

void ring_put(Ring *r, size_t n)
{
        (void)pthread_mutex_lock(&r->lock);
        r->n[r->n_put % RING_BLOCKS] = n;
        r->n_put++;
        (void)pthread_cond_broadcast(&r->filled);
        (void)pthread_mutex_unlock(&r->lock);
}

void ring_close(Ring *r, int error)
{
        (void)pthread_mutex_lock(&r->lock);
        r->closed = true;
        r->error = error;
        (void)pthread_cond_broadcast(&r->filled);
        (void)pthread_mutex_unlock(&r->lock);
}

int ring_get(Ring *r, unsigned reader, const uint8_t **ret, size_t *ret_n)
{
        int k = -EPIPE;

        (void)pthread_mutex_lock(&r->lock);
        if (r->reading[reader]) {
                r->reading[reader] = false;
                (void)pthread_cond_signal(&r->emptied);
        }
        while (!r->aborted && !r->closed && r->n_got[reader] == r->n_put)
                (void)pthread_cond_wait(&r->filled, &r->lock);
        if (!r->aborted && r->n_got[reader] < r->n_put) {
                size_t i = (size_t)(r->n_got[reader] % RING_BLOCKS);

                *ret = r->blocks + i * RING_BLOCK_SIZE;
                *ret_n = r->n[i];
                r->n_got[reader]++;
                r->reading[reader] = true;
                k = 1;
        } else if (!r->aborted && r->error == 0)
                k = 0;
        (void)pthread_mutex_unlock(&r->lock);
        return k;
}

void ring_abort(Ring *r)
{
        (void)pthread_mutex_lock(&r->lock);
        r->aborted = true;
        (void)pthread_cond_broadcast(&r->filled);
        (void)pthread_cond_broadcast(&r->emptied);
        (void)pthread_mutex_unlock(&r->lock);
}
