/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start-child.h"

/** root_assemble() - mount what the guest must not be able to unmount, and make it the root
 * @overlay detached root mount
 * Context: shim as the host's root, in a private copy of the mount namespace in which the child
 *   lives too.
 * Return: 0; negative errno with @f set. */
int root_assemble(Start *st, int overlay, Failure *f);
