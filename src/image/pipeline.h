/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The threads of an unpacking: one makes the plain archive, one hashes it, the caller's writes it.
 */
#pragma once

#include "image/digest.h"
#include "image/stream.h"

/* Makes the archive: writes all of it to @out. Runs in a thread of its own. */
typedef struct Producer {
        int (*run)(void *userdata, const ByteSink *out, Fault *reterr);
        /* optional, instead of run: fills @data as decompress_into() does */
        int (*into)(void *userdata, uint8_t *data, size_t n, size_t *ret_n, Fault *reterr);
        void *userdata;
} Producer;

typedef struct PipelineResult {
        char digest[DIGEST_TEXT_MAX]; /* of the archive */
        uint64_t n;
} PipelineResult;

/** pipeline_run() - produce, hash and consume an archive
 * @consume gets the archive as a source, in the caller's thread, and reads it to its end
 * @n_max   bytes the archive may have
 * Return: 0; negative errno with @reterr set: of whoever failed first. */
int pipeline_run(const Producer *producer, uint64_t n_max, LayerControl *control,
                 int (*consume)(void *userdata, const ByteSource *tar, Fault *reterr),
                 void *userdata, PipelineResult *ret, Fault *reterr);
