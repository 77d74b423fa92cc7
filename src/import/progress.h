/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a job is: told by the threads that work, read by the one that tells lodged (link.h).
 * Every function takes NULL for an item that could not be had, and may be called by any thread. */
#pragma once

#include "wire/frame.h"

#define PROGRESS_ITEMS_MAX 512

typedef struct Progress Progress;
typedef struct ProgressItem ProgressItem;

/** progress_new() - nothing done yet
 * Return: new object, lives as long as the process; NULL on OOM. */
Progress *progress_new(void);
/** progress_free() - free it with its items
 * Return: always NULL. */
Progress *progress_free(Progress *p);

/** progress_set_phase() - one word on what is being done
 * @phase static string: connecting, downloading, unpacking, packing, uploading, copying, writing,
 * reading, syncing */
void progress_set_phase(Progress *p, const char *phase);

/** progress_add_item() - a part of the job that is shown by itself; the job's bytes are their sum
 * @name  such as a layer's digest, which is shortened
 * @total bytes, 0 if they are not known
 * Return: borrowed from @p; NULL if there are too many. */
ProgressItem *progress_add_item(Progress *p, const char *name, uint64_t total);
/** progress_item_set_phase() - as progress_set_phase(), of one item */
void progress_item_set_phase(ProgressItem *i, const char *phase);
/** progress_item_set_total() - its size is known now */
void progress_item_set_total(ProgressItem *i, uint64_t n_bytes);
/** progress_item_add() - @n_bytes more are done */
void progress_item_add(ProgressItem *i, uint64_t n_bytes);
/** progress_item_set() - @n_bytes are done in all */
void progress_item_set(ProgressItem *i, uint64_t n_bytes);

/** progress_item_drop() - it turned out not to be a part of the job */
void progress_item_drop(ProgressItem *i);
/** progress_item_follow() - from now on its bytes are what this counter says
 * @counter counted by another thread; borrowed until the next call, with NULL at the latest, which
 *          keeps the last count */
void progress_item_follow(ProgressItem *i, const _Atomic uint64_t *counter);

/** progress_frame() - write FRAME_PROGRESS if something has changed since the last one
 * Return: true if there is a frame to send. */
bool progress_frame(Progress *p, FrameWriter *w);
