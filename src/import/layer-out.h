/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A layer on its way out of the store: the archive that it was, bit for bit, compressed anew. */
#pragma once

#include "image/compress.h"
#include "import/job.h"

typedef struct LayerOut {
        int fd; /* a file without a name, in the job's directory, at its beginning; owned */
        char digest[DIGEST_TEXT_MAX];
        uint64_t size;
} LayerOut;

/* What writes an archive. */
typedef struct LayerWriter {
        int (*write)(void *userdata, const ByteSink *out, Fault *reterr);
        void *userdata;
} LayerWriter;

/** layer_out() - write a layer of the store into a file
 * The same layer gives the same bytes each time. Context: any thread.
 * @compression NONE, GZIP or ZSTD
 * @control     may be NULL; n_out counts bytes of the archive
 * Return: 0; -EBADMSG the layer was changed since; negative errno; with @reterr set. */
int layer_out(Job *job, const char *diff_id, Compression compression, LayerControl *control,
              LayerOut *ret, Fault *reterr);
/** layer_out_written() - the same of any archive
 * @ret_diff_id of what was written, before it was compressed */
int layer_out_written(Job *job, const LayerWriter *writer, Compression compression, LayerOut *ret,
                      char ret_diff_id[static DIGEST_TEXT_MAX], Fault *reterr);
/** layer_out_done() - close the file, which removes it */
void layer_out_done(LayerOut *o);
#define _cleanup_layer_out_ _cleanup_(layer_out_done)

/** layer_out_stream() - write the archive of a layer of the store, not compressed
 * @control as for layer_out() */
int layer_out_stream(const Job *job, const char *diff_id, const ByteSink *out,
                     LayerControl *control, Fault *reterr);
/** layer_out_size() - the bytes that layer_out_stream() writes
 * Return: 0; -ENOENT they are not noted; negative errno. */
int layer_out_size(const Job *job, const char *diff_id, uint64_t *ret);
