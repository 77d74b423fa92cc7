/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/table.h"

#include "base/text.h"
#include "ctl/pager.h"

#include <string.h>

#define COLUMNS_MAX 16U
#define CELL_MAX    256U

static bool use_colour(void)
{
        static int known = -1;

        if (known < 0) {
                const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

                known = (isatty(STDOUT_FILENO) || pager_is_open()) && !(no_color && *no_color) &&
                        term && !streq(term, "dumb");
        }
        return known;
}

const char *style_on(Style style)
{
        static const char *const sequences[_STYLE_MAX] = {
                [STYLE_NONE] = "",           [STYLE_HEADING] = "\033[1;4m",
                [STYLE_GOOD] = "\033[1;32m", [STYLE_BUSY] = "\033[33m",
                [STYLE_BAD] = "\033[1;31m",  [STYLE_DIM] = "\033[90m",
        };

        return use_colour() ? sequences[style] : "";
}

const char *style_off(void)
{
        return use_colour() ? "\033[0m" : "";
}

Style style_of_state(const char *state)
{
        if (streq(state, "ready") || streq(state, "running"))
                return STYLE_GOOD;
        if (streq(state, "failed"))
                return STYLE_BAD;
        return streq(state, "stopped") ? STYLE_DIM : STYLE_BUSY;
}

void table_done(Table *t)
{
        for (size_t i = 0; i < t->n_cells; i++)
                free(t->cells[i].text);
        free(t->cells);
        *t = (Table){0};
}

int table_add(Table *t, Style style, const char *text)
{
        _cleanup_free_ char *clean = text_for_display(text && *text ? text : "-", CELL_MAX);
        Cell *grown = clean ? reallocarray(t->cells, t->n_cells + 1, sizeof(*grown)) : NULL;

        if (!grown)
                return -ENOMEM;
        t->cells = grown;
        grown[t->n_cells++] = (Cell){.text = TAKE_PTR(clean), .style = style};
        return 0;
}

/* Columns that UTF-8 text takes, as far as the number of its characters tells. */
static size_t text_width(const char *s)
{
        size_t n = 0;

        for (; *s; s++)
                n += ((unsigned char)*s & 0xc0) != 0x80;
        return n;
}

static void print_cell(const char *text, Style style, size_t width, bool is_last)
{
        (void)printf("%s%s%s", style_on(style), text, style_off());
        if (is_last)
                (void)putchar('\n');
        else
                (void)printf("%*s", (int)(width - text_width(text) + 1), "");
}

void table_print(const Ctl *c, const Table *t)
{
        size_t n = strv_length((char *const *)t->headings), widths[COLUMNS_MAX] = {0};

        if (n == 0)
                return;
        for (size_t i = 0; i < n && !c->no_legend; i++)
                widths[i] = text_width(t->headings[i]);
        for (size_t i = 0; i < t->n_cells; i++) {
                size_t width = text_width(t->cells[i].text);

                if (width > widths[i % n])
                        widths[i % n] = width;
        }
        for (size_t i = 0; i < n && !c->no_legend; i++)
                print_cell(t->headings[i], STYLE_HEADING, widths[i], i + 1 == n);
        for (size_t i = 0; i < t->n_cells; i++)
                print_cell(t->cells[i].text, t->cells[i].style, widths[i % n], i % n + 1 == n);
}
