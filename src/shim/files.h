/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a machine that does not run, put together by its plan as for a start, but for nobody
 * to run in: a worker that copies enters them. */
#pragma once

#include "shim/failure.h"

#include <stddef.h>
#include <stdint.h>

typedef struct FilesArgs {
        const void *plan; /* checked; of it, layers, writable layer and its limit count */
        size_t n_plan;
        const int *images; /* detached mounts of a disk image, as the plan numbers them; borrowed */
        size_t n_images;
        uint32_t uid_base; /* of 65536 ids that are nobody else's */
} FilesArgs;

/** files_open() - mount them in namespaces of their own
 * Locks layers and writable layer. A process of its own holds these locks until the caller has
 * ended with all its threads, and with it what it has mounted; so the caller may become whoever it
 * likes and has no descriptor that leads anywhere else.
 * @ret_userns, @ret_mountns the namespaces, in which nobody lives
 * Context: host's root with one thread, in a private copy of the host's mount namespace.
 * Return: 0; -EBUSY somebody uses the writable layer; negative errno with @f set. */
int files_open(const FilesArgs *args, int *ret_userns, int *ret_mountns, Failure *f);
