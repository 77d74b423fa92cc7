/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk image that a worker has mounted for the start of a machine. lodged never looks into it: it
 * passes the mounts on, to the shim, and has then nothing more to do with them. */
#pragma once

#include "base/fault.h"
#include "core/types.h"
#include "wire/frame.h"
#include "wire/plan.h"

#include <stdbool.h>

typedef struct MountedImage {
        char *path;                  /* of the image, for messages */
        int mounts[PLAN_IMAGES_MAX]; /* detached; the root's, then that for /usr */
        size_t n_mounts;
        char *init; /* path inside; NULL: it has none */
        bool init_is_systemd;
} MountedImage;

/** mounted_image_take() - what job_attach() came to
 * @result its descriptors are moved
 * Return: 0, and @ret is mounted_image_free()'s; -EBADMSG. */
int mounted_image_take(const Job *j, Frame *result, MountedImage **ret, Fault *reterr);
/** mounted_image_free() - let go of the mounts; NULL is none */
void mounted_image_free(MountedImage *i);

/** mounted_image_begin() - have a disk image mounted
 * In the end Machine.mounted is set and machine_launch() called, or that with the reason.
 * Return: 0; negative errno: nothing is called. */
int mounted_image_begin(Machine *m, const Image *image, Fault *reterr);

/** mounted_image_end() - the machine is not about to start any more, or has its mounts
 * Ends the worker if there is one, and lets go of the mounts. */
void mounted_image_end(Machine *m);
