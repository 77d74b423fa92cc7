/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts for a guest that runs. */
#pragma once

#include "base/fault.h"

#include <stddef.h>
#include <stdint.h>

typedef struct Shim Shim;

/** mount_live_start() - begin what a FRAME_MOUNT_APPLY asks for
 * @plan checked
 * Return: 0 and @link is answered later; -EBUSY; negative errno with @reterr. */
int mount_live_start(Shim *s, int link, uint64_t serial, const void *plan, size_t n_plan,
                     Fault *reterr);
