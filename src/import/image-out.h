/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image of the store on its way out: its configuration as it came, its layers compressed anew.
 */
#pragma once

#include "image/oci-config.h"
#include "image/oci-document.h"
#include "import/job.h"
#include "import/layer-out.h"
#include "spec/image-record.h"

typedef struct ImageOut {
        ImageRecord record;
        char *config, *manifest; /* verbatim, as the store has them */
        size_t n_config, n_manifest;
        OciConfig parsed;
        OciDocument document;
        /* of image_out_pack(): */
        OciManifest packed; /* what it points to is borrowed from here, but for the list itself */
        LayerOut *files;    /* one for each of packed.layers */
} ImageOut;

/** image_out_open() - read what the order's record names
 * @record text of an image record
 * @ret    image_out_done() frees it, also after a failure */
int image_out_open(Job *job, const char *record, ImageOut *ret, Fault *reterr);
/** image_out_pack() - compress all layers into temporary files, a few at a time */
int image_out_pack(Job *job, ImageOut *image, Compression compression, Fault *reterr);
/** image_out_manifest() - the manifest of what was packed
 * The very bytes that the image came with, if every layer came out as it went in.
 * @ret newly allocated, caller frees */
int image_out_manifest(const ImageOut *image, char **ret, size_t *ret_n);
/** image_out_reserve() - make room for the files of @n layers */
int image_out_reserve(ImageOut *image, size_t n);
/** image_out_describe() - what the manifest is to say of file @i */
void image_out_describe(ImageOut *image, size_t i, Compression compression);
/** image_out_done() - free what @i holds and make it empty */
void image_out_done(ImageOut *i);
#define _cleanup_image_out_ _cleanup_(image_out_done)
