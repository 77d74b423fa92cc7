/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The layers of an image in an archive, unpacked a few at a time. */
#pragma once

#include "image/layer.h"
#include "import/bundle.h"
#include "import/job.h"

typedef struct BundleLayer {
        const char *path;   /* in the archive */
        const char *digest; /* of that file; NULL: not known */
        uint64_t size;      /* 0: not known */
        Compression compression;
        const char *diff_id;
        LayerResult result; /* filled if it was unpacked; zero if the store has it already */
} BundleLayer;

/** image_layers_in() - unpack those that the store has not got
 * @layers lowest first */
int image_layers_in(Job *job, const Bundle *archive, BundleLayer *layers, size_t n, Fault *reterr);

/** image_layers_size() - bytes of those that were unpacked, and what was left out of them
 * @ret_message newly allocated, caller frees; NULL: nothing */
uint64_t image_layers_size(const BundleLayer *layers, size_t n, char **ret_message);
