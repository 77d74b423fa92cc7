/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A layer on its way out of the store: the archive that it was, compressed anew. */
#pragma once

#include "image/compress.h"
#include "import/job.h"

typedef struct LayerOut {
        int fd; /* a file without a name, in the job's directory; owned */
        char digest[DIGEST_TEXT_MAX];
        uint64_t size;
} LayerOut;

/** layer_out() - write a layer of the store into a file
 * The same layer gives the same bytes each time. Context: any thread.
 * @compression NONE, GZIP or ZSTD
 * @control     may be NULL; n_out counts bytes of the archive
 * Return: 0; -EBADMSG the layer was changed since; negative errno; with @reterr set. */
int layer_out(Job *job, const char *diff_id, Compression compression, LayerControl *control,
              LayerOut *ret, Fault *reterr);
/** layer_out_done() - close the file, which removes it */
void layer_out_done(LayerOut *o);
#define _cleanup_layer_out_ _cleanup_(layer_out_done)
