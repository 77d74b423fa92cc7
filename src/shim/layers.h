/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The read-only layers of a machine: opened and locked on the host, given the machine's ids. */
#pragma once

#include "shim/failure.h"

#include <stddef.h>

#define LAYERS_MAX 128

/* Layers of the store that this machine uses: LOCK_SH on each directory, so that nobody throws one
 * away. Kept as long as the shim lives, over reboots. */
typedef struct LayerLocks {
        int fds[LAYERS_MAX];
        size_t n;
} LayerLocks;

typedef struct Layer {
        int fd;           /* detached mount of a directory; -EBADF: a layer of the store */
        const char *name; /* there; in the plan */
} Layer;

typedef struct Layers {
        Layer all[LAYERS_MAX]; /* topmost first */
        size_t n;
        int store; /* detached mount of the store's directory, one for all its layers; -EBADF: none
                    */
} Layers;

/** layers_init() - none */
void layers_init(Layers *l);
/** layers_done() - close the mounts; the locks stay */
void layers_done(Layers *l);

/** layers_open() - open what the plan's PLAN_LOWER, PLAN_LOWER_FD and PLAN_LAYER name, lock the
 * last
 * @locks what a start before this one has locked is taken as it is
 * @images for images_copy()
 * Return: 0; negative errno with @f set. */
int layers_open(Layers *l, LayerLocks *locks, int images, const void *plan, size_t n_plan,
                Failure *f);

/** layers_map() - show the files' ids through a user namespace
 * Return: 0; negative errno with @f set. */
int layers_map(Layers *l, int userns, const void *plan, size_t n_plan, Failure *f);
