/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives of whole images: an OCI layout, or what `docker load` reads. */
#pragma once

#include "import/image-out.h"

/** export_layout() - write an OCI layout as a tar archive
 * @image       its layers are packed unless they are already
 * @compression of the layers */
int export_layout(Job *job, ImageOut *image, Compression compression, const ByteSink *out,
                  Fault *reterr);
/** export_docker() - write an archive as of `docker save`
 * @compression of the layers; NONE is what docker writes */
int export_docker(Job *job, ImageOut *image, Compression compression, const ByteSink *out,
                  Fault *reterr);

/** export_tree() - write a directory as an image of one layer
 * @name   of the image
 * @docker as export_docker(), else as export_layout() */
int export_tree(Job *job, int tree, const char *name, Compression compression, bool docker,
                const ByteSink *out, Fault *reterr);
