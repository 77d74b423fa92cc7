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

/** shares_mount() - execute PLAN_STAGE_ROOT, together with the child
 * @root the guest's root, attached, with the outer stage in its place
 * Context: shim as the host's root, in the mount namespace that the guest's will be a copy of: so
 * all that is mounted here is locked for the guest.
 * Return: 0; negative errno with @f set. */
int shares_mount(Start *st, int root, Failure *f);
