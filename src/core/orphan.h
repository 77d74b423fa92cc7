/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writable layers and anonymous volumes that belong to no machine any more: the host crashed under
 * a machine that removes itself, or somebody deleted a definition by hand. */
#pragma once

#include "core/types.h"

/** orphans_look() - move layers and volumes without their machine to the trash
 * Each is first left alone for Manager.orphan_grace_usec: its definition may only be on the way
 * back, from an editor or a package's update. One whose definition merely cannot be read is none.
 * Context: after adoption, and whenever a machine has gone without being removed. */
void orphans_look(Manager *manager);
