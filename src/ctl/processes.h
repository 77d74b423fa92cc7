/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of a machine, read from its unit's cgroup as far as the caller may. */
#pragma once

#include "base/fault.h"

#include <sys/types.h>

/** processes_print() - a tree of cgroups and processes on standard output, one line each
 * @pid    a process of the machine: the shim or PID 1
 * @unit   the machine's unit, whose cgroup is the root of the tree
 * @indent what each line begins with
 * Names of processes come from the guest and are cleaned. Prints at most 200 processes.
 * Return: 0; negative errno where the cgroup cannot be found or read, nothing printed. */
int processes_print(pid_t pid, const char *unit, const char *indent);
