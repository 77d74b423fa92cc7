/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What layer_unpack() and layer_build() share. */
#pragma once

#include "image/layer.h"
#include "image/pipeline.h"

struct LayerWrite {
        const LayerUnpackArgs *args;
        LayerResult *result;
};

/** layer_write() - from an archive that @producer makes to a checked and synced layer
 * Return: as layer_unpack(). */
int layer_write(const LayerUnpackArgs *args, const Producer *producer, LayerResult *result,
                Fault *reterr);
