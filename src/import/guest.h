/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job among the files of a machine, whether it runs or not: with the rights of the guest's root,
 * and no other. The guest cannot signal or trace it, which has another PID namespace and cgroup. */
#pragma once

#include "import/job.h"

/** guest_enter() - become root of the machine, see its files and nothing else, and give up what is
 * not needed for them
 * Whatever is loaded later would be the guest's: so no program may be executed, nothing mapped to
 * be executed, and nothing opened but below a directory that is open.
 * The order has userns-fd and mountns-fd of one that runs; of another one a plan and a uid, by
 * which its files are put together first. Sets Job.guest_fd and, of the latter, Job.plan.
 * Return: 0; -ESRCH the machine has just stopped; -EBUSY its files are in use; negative errno with
 * @reterr set. */
int guest_enter(Job *job, Fault *reterr);
