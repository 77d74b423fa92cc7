/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The read-only layers of a machine: opened and locked on the host, given the machine's ids. */
#pragma once

#include "shim/failure.h"

#include <stdbool.h>
#include <stddef.h>

#define LAYERS_MAX 128

/* What this machine uses: LOCK_SH on each directory of a layer in the store, so that nobody throws
 * one away, and LOCK_EX on that of a writable layer that is kept, which has one user at a time.
 * Held as long as the shim lives, over reboots. */
typedef struct LayerLocks {
        int fds[LAYERS_MAX + 1];
        size_t n;
        bool is_complete; /* by the same plan, so at a reboot there is nothing to lock */
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
/** layer_locks_done() - let go of them */
void layer_locks_done(LayerLocks *l);

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

/** layers_map_usr() - the same for the mount of a disk image that goes over /usr
 * Return: 0; negative errno with @f set. */
int layers_map_usr(int mountfd, int userns, Failure *f);

/** layers_attach_usr() - put it there
 * @usr -EBADF: none
 * Return: 0; negative errno. */
int layers_attach_usr(int root, int usr);

/** layers_lock() - flock(2), waiting a second for those who look at a directory for a moment
 * @operation LOCK_SH, LOCK_EX
 * Return: 0; -EBUSY; negative errno. */
int layers_lock(int fd, int operation);
