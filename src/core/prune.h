/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Giving space back: what nothing refers to goes. */
#pragma once

#include "core/types.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** prune() - remove layers and blobs that no image has, and what else nobody refers to
 * Needs no space, and no worker.
 * @images  images of layers, too, that no machine has in its definition
 * @volumes volumes, too, that no machine has
 * @removed names are appended
 * Return: bytes that the layers among them give back once lodge-work has deleted them. */
uint64_t prune(Manager *manager, bool images, bool volumes, GPtrArray *removed);
