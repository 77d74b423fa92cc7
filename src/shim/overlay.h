/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root file system: read-only layers under one writable layer, mounted from inside the user
 * namespace (its work directory cannot be made through an idmapped mount by the host's root). */
#pragma once

#include "shim/layers.h"
#include "shim/upper.h"

typedef struct OverlayArgs {
        const void *plan; /* its PLAN_STAGE_TREE is executed on the new tree; NULL: nothing is */
        size_t n_plan;
        const void *files; /* likewise, afterwards; NULL: none */
        size_t n_files;
        const Layers *layers; /* idmapped */
        const Upper *upper;   /* likewise: holds, or gets, upper/ and work/ */
} OverlayArgs;

/** overlay_mount() - mount it
 * Context: a process of the new user namespace; a helper child does the work in a mount
 *   namespace of
 * its own, so nothing is attached in the caller's.
 * Return: detached mount of the root; negative errno with @f set. */
int overlay_mount(const OverlayArgs *args, Failure *f);
