/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A layer on its way into the store: unpacked in incoming/ID/layers under a temporary name,
 * checked, synced, renamed, told. Any number of threads. */
#pragma once

#include "image/layer.h"
#include "import/job.h"

/* In a layer's directory, beside its tree. */
#define LAYER_SIZE_FILE     "size"     /* bytes of the files in it, decimal */
#define LAYER_TAR_SIZE_FILE "tar.size" /* bytes of the archive, decimal */

typedef struct LayerIn {
        ByteSource source;
        Compression compression;
        const char *digest, *diff_id; /* NULL: not known */
        uint64_t size;                /* of the blob, checked; 0: not known */
        ProgressItem *item;           /* may be NULL; only its phase is set */
        LayerControl *control;        /* may be NULL */
} LayerIn;

/** layer_in() - unpack one layer and hand it to lodged
 * @ret what was found */
int layer_in(Job *job, const LayerIn *in, LayerResult *ret, Fault *reterr);

/** layer_dropped() - what of layers was left out, as a sentence for the result
 * @results of @n layers
 * Return: newly allocated, caller frees; NULL: nothing, or OOM. */
char *layer_dropped(const LayerResult *results, size_t n);
