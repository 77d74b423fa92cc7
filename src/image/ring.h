/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A few blocks of memory between one thread that fills them and some that each read all of them in
 * order. */
#pragma once

#include "image/stream.h"

#include <pthread.h>

#define RING_BLOCK_SIZE  (256U << 10) /* whole tar blocks, and half of a core's cache at most */
#define RING_BLOCKS      12U
#define RING_READERS_MAX 2U

typedef struct Ring Ring;

/** ring_thread() - start a thread that fills a ring or reads from one
 * With all signals blocked: they are for the program's own threads.
 * Return: 0, and @ret is to be joined; negative errno. */
int ring_thread(pthread_t *ret, void *(*run)(void *), void *userdata);

/** ring_new() - @n_readers of them, each of which must read to the end or abort
 * Return: new object, caller frees; NULL on OOM. */
Ring *ring_new(unsigned n_readers);
/** ring_free() - no thread may use it any more; NULL is fine
 * Return: always NULL. */
Ring *ring_free(Ring *r);

/** ring_block() - a block to fill, once all readers are done with it
 * @ret RING_BLOCK_SIZE bytes
 * Return: 0; -EPIPE the ring was aborted. */
int ring_block(Ring *r, uint8_t **ret);
/** ring_put() - hand the block of ring_block() to the readers */
void ring_put(Ring *r, size_t n);
/** ring_close() - no more blocks come
 * @error 0; negative: readers get -EPIPE once they have read what there is */
void ring_close(Ring *r, int error);

/** ring_get() - the next block for one reader, valid until its next call
 * Return: 1; 0 the end; -EPIPE the writer failed, or the ring was aborted. */
int ring_get(Ring *r, unsigned reader, const uint8_t **ret, size_t *ret_n);
/** ring_abort() - somebody gives up: all calls return -EPIPE from now on */
void ring_abort(Ring *r);

static inline void ring_freep(Ring **r)
{
        ring_free(*r);
}
#define _cleanup_ring_ _cleanup_(ring_freep)
