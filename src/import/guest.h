/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job among the files of a machine that runs: with the rights of the guest's root, and no other.
 * The guest cannot signal or trace it, which has another PID namespace and cgroup. */
#pragma once

#include "import/order.h"

/** guest_enter() - become root of the machine, see its files and nothing else, and give up what is
 * not needed for them
 * Whatever is loaded later would be the guest's: so no program may be executed, nothing mapped to
 * be executed, and nothing opened but below a directory that is open.
 * @order    has userns-fd and mountns-fd
 * @ret_root its root directory, O_PATH
 * Return: 0; -ESRCH the machine has just stopped; negative errno with @reterr set. */
int guest_enter(const Order *order, int *ret_root, Fault *reterr);
