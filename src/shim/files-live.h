/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of a guest that runs which say something of its network. */
#pragma once

#include "base/fault.h"

#include <stddef.h>
#include <stdint.h>

typedef struct Shim Shim;

/** files_live_start() - begin what a FRAME_FILES_APPLY asks for
 * @plan checked
 * Return: as mount_live_start(). */
int files_live_start(Shim *s, int link, uint64_t serial, const void *plan, size_t n_plan,
                     Fault *reterr);
