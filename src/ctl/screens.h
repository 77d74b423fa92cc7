/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the verbs named status print of objects that are no machines. */
#pragma once

#include "ctl/kinds.h"

/** screens_print() - one screen for each object that was named, or JSON
 * @print prints one, with all its properties
 * Reports failures. Return: the exit status. */
int screens_print(Ctl *c, const Kind *kind, void (*print)(const Ctl *c, const json_t *object));
