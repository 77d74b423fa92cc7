/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system calls of a job. */
#pragma once

#include <stdbool.h>

/** sandbox_restrict_calls() - refuse all but what moving bytes between files takes
 * @network sockets are allowed, too */
int sandbox_restrict_calls(bool network);
