/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The child's part of PLAN_STAGE_ROOT: as the guest's root it finds and makes the places in its
 * tree at which the shim mounts, and directories. */
#pragma once

#include "shim/start-child.h"

/** target_serve() - answer LAUNCH_TARGET or LAUNCH_FILL
 * @m the request; becomes the answer, whose fd is the shim's to close
 * Context: the future PID 1, root of its user namespace, in the shim's mount namespace.
 * Return: 0; negative errno with @f set. */
int target_serve(const Start *st, LaunchMessage *m, Failure *f);
