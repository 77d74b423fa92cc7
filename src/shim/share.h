/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files and directories of the host in a guest: binds and volumes. */
#pragma once

#include "shim/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Start Start;

/* What a PLAN_SHARE shows, opened while paths still are the host's. */
typedef struct Share {
        int fd; /* detached mount */
        bool is_directory;
        uint32_t uid, gid; /* of the source, on the host */
} Share;

/** shares_open() - open the sources of all PLAN_SHARE steps into the start
 * Return: 0; negative errno with @f set. */
int shares_open(Start *st, Failure *f);
/** shares_close() - close and free them */
void shares_close(Start *st);

/** shares_mount() - execute the steps of Start.mounts, together with the child
 * The guest can unmount what is mounted here, if nobody has it open (and mounts.h has), but neither
 * change how it is mounted nor take off what was mounted below it on the host.
 * Context: shim as the host's root, in a mount namespace without shared mounts; the child in the
 * guest's.
 * Return: 0; negative errno with @f set. */
int shares_mount(Start *st, Failure *f);
