/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a machine uses and may use, on its screen. */
#pragma once

#include "ctl/json.h"

/** status_usage_print() - tasks, memory, CPU, disks and network of a machine that runs
 * What lodged or this host's kernel does not count is left out; nothing where it does not run. */
void status_usage_print(const Ctl *c, const char *name);
