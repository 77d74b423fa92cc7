/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Columns of text, and the little colour there is. */
#pragma once

#include "ctl/ctl.h"

typedef enum Style {
        STYLE_NONE,
        STYLE_HEADING,
        STYLE_GOOD,
        STYLE_BUSY,
        STYLE_BAD,
        STYLE_DIM,
        _STYLE_MAX,
} Style;

/** style_on() - the escape sequence that begins a style on standard output
 * Return: static; "" where standard output is no terminal or $NO_COLOR is set. */
const char *style_on(Style style);

/** style_off() - the sequence that ends any style */
const char *style_off(void);

/** style_of_state() - the style for a machine's state */
Style style_of_state(const char *state);

typedef struct Cell {
        char *text;
        Style style;
} Cell;

typedef struct Table {
        const char *const *headings; /* NULL-terminated, not owned */
        Cell *cells;
        size_t n_cells;
} Table;

/** table_done() - free the cells */
void table_done(Table *t);
#define _cleanup_table_ _cleanup_(table_done)

/** table_add() - the next cell, row after row; foreign text is cleaned, empty text is shown as "-"
 * Return: 0; -ENOMEM. */
int table_add(Table *t, Style style, const char *text);

/** table_print() - print headings (not with --no-legend) and rows to standard output */
void table_print(const Ctl *c, const Table *t);
