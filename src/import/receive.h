/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A layer that comes in pieces, from a download: unpacked by a thread of its own while the next
 * pieces are under way. */
#pragma once

#include "image/oci-document.h"
#include "import/job.h"

/* Each unpacks with two threads and up to 24 MB; two processors cannot feed more. */
#define RECEIVERS_MAX 2

typedef struct LayerReceiver LayerReceiver;

/** receiver_start() - begin to unpack a layer
 * @layer   its size, digest and media type are checked
 * @diff_id of what comes out, checked too
 * @item    gets the phase; whoever downloads counts the bytes; may be NULL
 * @ret     to be ended by receiver_finish() or receiver_abort()
 * Return: 0; -EBUSY there are RECEIVERS_MAX already; negative errno with @reterr set. */
int receiver_start(Job *job, const OciDescriptor *layer, const char *diff_id, ProgressItem *item,
                   LayerReceiver **ret, Fault *reterr);

/** receiver_fd() - where the compressed bytes go: the non-blocking end of a pipe
 * write(2) fails with EAGAIN while unpacking is behind, and with EPIPE once it has failed.
 * Return: borrowed. */
int receiver_fd(const LayerReceiver *r);

/** receiver_finish() - there is no more: wait until the layer is complete, synced and told
 * @r is freed. */
int receiver_finish(LayerReceiver *r, Fault *reterr);

/** receiver_abort() - the download failed: drop what is there. @r is freed. */
void receiver_abort(LayerReceiver *r);
