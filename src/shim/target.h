/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The child's part of PLAN_STAGE_ROOT: as the guest's root it finds and makes the places in its
 * tree at which the shim mounts, and directories. */
#pragma once

#include "shim/start-child.h"

/** target_serve() - answer LAUNCH_TARGET, LAUNCH_FILL or LAUNCH_ATTACH
 * @root the guest's
 * @m the request; becomes the answer, whose fd is the shim's to close
 * Context: the future PID 1, or somebody who stands in for it later: root of the guest's user
 *   namespace, in its mount namespace.
 * Return: 0; negative errno with @f set. */
int target_serve(const Start *st, int root, LaunchMessage *m, Failure *f);
