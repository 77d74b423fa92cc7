/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last step of whatever makes an image of layers: blobs and record. */
#pragma once

#include "image/layer.h"
#include "image/oci-write.h"
#include "import/job.h"

typedef struct ImageParts {
        const char *name;   /* canonical */
        const char *source; /* where it is from, to be shown; may be NULL */
        const char *manifest, *manifest_digest;
        size_t n_manifest;
        const char *config, *config_digest;
        size_t n_config;
        uint64_t size_bytes; /* of the layers, as far as they are known */
        bool read_only;
} ImageParts;

/** image_finish() - write the blobs and incoming/ID/image, and fill the result's record and digest
 * All layers must be there. */
int image_finish(Job *job, const ImageParts *parts, JobResult *ret, Fault *reterr);

/* A new image, of one layer or of an older image's layers and one more. */
typedef struct NewImage {
        const char *name, *source;
        const LayerResult *layer; /* the topmost */
        const char *blob_type;    /* media type of what layer->digest is of; NULL: none that OCI
                                     knows, so that the layer is named by its archive */
        const OciManifest *base;  /* NULL: one layer */
        const char *base_config;  /* NULL: none */
        size_t n_base_config;
        OciChange change; /* diff_id, created_usec and a new image's platform are set */
        uint64_t base_bytes;
} NewImage;

/** image_finish_new() - make manifest and configuration, and image_finish() */
int image_finish_new(Job *job, NewImage *image, JobResult *ret, Fault *reterr);
