/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of objects in a table: what the verbs named ls print. */
#pragma once

#include "ctl/columns.h"
#include "ctl/kinds.h"

/** list_objects() - print the objects of a kind of which a word is the name or a pattern
 * @columns   the standard ones, ended by a NULL heading
 * @empty_hint a command that helps where there are none; NULL: none
 * All in one call, for no more properties than are shown. Return: the exit status. */
int list_objects(Ctl *c, const Kind *kind, const Column *columns, const char *empty_hint);

/* A row of a list for one element of a machine's property; what it has under other keys stays in
 * JSON. Return: new reference; NULL on OOM. */
typedef json_t *(*ListRowFn)(const char *machine, const json_t *element);

/** list_elements() - print what machines have in a property that is an array, a row each
 * Machines as for list_objects(). Return: the exit status. */
int list_elements(Ctl *c, const char *property, ListRowFn row_of, const Column *columns);
