/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists whose columns are chosen by --columns, in every form of --output. */
#pragma once

#include "ctl/json.h"

typedef struct Column {
        const char *heading;  /* "IMAGE" */
        const char *property; /* "Image" */
        const char *fallback; /* property shown in tables where that one is empty; NULL: none */
} Column;

/** columns_are_plain() - is it a table of the standard columns?
 * If not, the list has to be printed by columns_print(). */
bool columns_are_plain(const Ctl *c);

/** columns_print() - print a list as --output, --json and --columns ask for
 * @rows     array of objects, whose keys are properties
 * @standard what is printed without --columns, ended by a NULL heading
 * JSON without --columns has all properties.
 * Return: exit status; a column that does not exist is reported. */
int columns_print(const Ctl *c, const json_t *rows, const Column *standard);
