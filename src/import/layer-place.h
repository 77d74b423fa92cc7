/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A layer's directory while it is being made: it has a temporary name in incoming/ID/layers, and
 * gets its own when it is complete. What fails stays there: lodged sweeps the job's directory. */
#pragma once

#include "image/layer.h"
#include "import/job.h"

typedef struct LayerPlace {
        int layers_fd, fd; /* -EBADF at first */
        char name[24];
} LayerPlace;

/** layer_place_make() - make an empty directory for a layer */
int layer_place_make(Job *job, LayerPlace *p, Fault *reterr);
/** layer_place_settle() - note what is to be known of the layer, name it, tell lodged
 * If the image has the same layer twice, this one goes. */
int layer_place_settle(Job *job, LayerPlace *p, const LayerResult *result, Fault *reterr);
/** layer_place_done() - close it; the directory stays */
void layer_place_done(LayerPlace *p);
#define _cleanup_layer_place_ _cleanup_(layer_place_done)
