/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Giving space back: what nothing refers to goes. */
#pragma once

#include "core/types.h"

#include <stdbool.h>
#include <stdint.h>

/* @removed new vector of names, the callee's; @bytes what that gives back, 0 if nobody could say */
typedef void (*PruneDoneFn)(void *userdata, char **removed, uint64_t bytes);

/** prune() - remove layers and blobs that no image has, and what else nobody refers to
 * A worker is asked first how large things are; where it cannot run, as on a disk that is full,
 * they go nevertheless.
 * @images  images of layers, too, that no machine has in its definition
 * @volumes volumes, too, that no machine has
 * @done    called once, perhaps at once, unless job_forget_owner(@userdata) comes first */
void prune(Manager *manager, bool images, bool volumes, PruneDoneFn done, void *userdata);
