/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interrupting lodgectl while lodged works: the operation is lodged's and goes on, and the user is
 * told so. */
#pragma once

#include "ctl/kinds.h"

/** interrupt_arm() - on SIGINT say that the verb goes on, and exit with 130
 * @name the one object of @kind that it is about; NULL: several */
void interrupt_arm(const Ctl *c, const Kind *kind, const char *name);
