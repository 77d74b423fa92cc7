/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of elements of our sets, for rules*.c. */
#pragma once

#include "base/cleanup.h"
#include "net/rules.h"

/** rule_items_new() - an empty list of RuleItem; g_ptr_array_unref() it */
GPtrArray *rule_items_new(void);
/** rule_items_add() - append one
 * @value  of a map's element or of an object; NULL: none
 * @format of its key */
void rule_items_add(GPtrArray *items, RuleSet set, const char *value, const char *format, ...)
        _printf_(4, 5);
