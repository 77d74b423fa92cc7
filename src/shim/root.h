/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start-child.h"

/* Directories of a tmpfs that nobody else sees and that goes with the mount namespace. */
typedef struct Scratch {
        int top;
        int stage;     /* what is to be moved to the root, while that is being made */
        int mask_file; /* inaccessible: no permission for anybody but the host's root, who does not
                          enter */
        int mask_directory;
} Scratch;

/** root_prepare() - mount what the guest must not be able to unmount, beside its root
 * @ret caller calls scratch_done(), also on failure
 * Context: shim as the host's root, in a private copy of the mount namespace in which the child
 *   lives too; while the child makes the overlay.
 * Return: 0; negative errno with @f set. */
int root_prepare(Start *st, Scratch *ret, Failure *f);

/** root_enter() - move that to its place, and make the overlay the root
 * @overlay detached root mount
 * Context: as root_prepare().
 * Return: 0; negative errno with @f set. */
int root_enter(Start *st, const Scratch *scratch, int overlay, Failure *f);

/** scratch_done() - close it */
void scratch_done(Scratch *s);
#define _cleanup_scratch_ _cleanup_(scratch_done)
