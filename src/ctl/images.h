/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The images that lodged knows. */
#pragma once

#include "ctl/ctl.h"

typedef struct Image {
        char *name, *path;
} Image;

typedef struct Images {
        Image *items;
        size_t n;
} Images;

/** images_done() - free the list */
void images_done(Images *list);
#define _cleanup_images_ _cleanup_(images_done)

/** images_get() - ask lodged for the list
 * Return: 0; negative errno with a Fault. */
int images_get(const Ctl *c, Images *ret, Fault *reterr);
