/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON that an image came with. It is a stranger's: limited in size, and of any shape. */
#pragma once

#include "ctl/json.h"

typedef struct ImageConfig {
        char *manifest_text, *config_text; /* as they were received */
        json_t *manifest, *config;         /* NULL where they cannot be read */
} ImageConfig;

/** image_config_done() - free all */
void image_config_done(ImageConfig *i);
#define _cleanup_image_config_ _cleanup_(image_config_done)

/** image_config_get() - ask lodged for manifest and config
 * Return: 0; negative errno with a Fault. */
int image_config_get(const Ctl *c, const char *name, ImageConfig *ret, Fault *reterr);

/** image_config_layer_bytes() - how large layer number @i is in the registry; 0 if not known */
uint64_t image_config_layer_bytes(const ImageConfig *i, size_t layer);
