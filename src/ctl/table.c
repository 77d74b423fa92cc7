/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/table.h"

#include "base/text.h"
#include "ctl/pager.h"
#include "ctl/report.h"

#include <string.h>
#include <sys/ioctl.h>

#define COLUMNS_MAX 16U
#define CELL_MAX    256U
#define CUT_MIN     6U /* no column is made narrower than this */

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
        _cleanup_free_ char *clean = clean_text(text && *text ? text : "-", CELL_MAX);
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
        _cleanup_free_ char *cut = text_width(text) > width && width >= CUT_MIN
                                           ? text_for_display(text, width - 3) /* and "..." */
                                           : NULL;
        size_t used = text_width(cut ?: text);

        (void)printf("%s%s%s", style_on(style), cut ?: text, style_off());
        if (is_last)
                (void)putchar('\n');
        else
                (void)printf("%*s", (int)(width > used ? width - used : 0) + 1, "");
}

/* How wide a line may be; a pager scrolls sideways, and a pipe wants everything. */
static size_t line_width(void)
{
        const char *columns = getenv("COLUMNS");
        struct winsize size = {0};
        uint64_t width;

        if (pager_is_open() || !isatty(STDOUT_FILENO))
                return SIZE_MAX;
        if (columns && parse_u64(columns, UINT16_MAX, &width) >= 0 && width > 0)
                return (size_t)width;
        return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                               : SIZE_MAX;
}

/* Take from the widest column, again and again, until a row fits or nothing is left to take. */
static void fit(size_t widths[], size_t n)
{
        size_t max = line_width(), sum = n - 1;

        for (size_t i = 0; i < n; i++)
                sum += widths[i];
        while (sum > max) {
                size_t widest = 0;

                for (size_t i = 1; i < n; i++)
                        if (widths[i] > widths[widest])
                                widest = i;
                if (widths[widest] <= CUT_MIN)
                        break;
                widths[widest]--;
                sum--;
        }
}

static void measure(const Ctl *c, const Table *t, size_t widths[], size_t n)
{
        for (size_t i = 0; i < n && !c->no_legend; i++)
                widths[i] = text_width(t->headings[i]);
        for (size_t i = 0; i < t->n_cells; i++) {
                size_t width = text_width(t->cells[i].text);

                if (width > widths[i % n])
                        widths[i % n] = width;
        }
}

void table_print(const Ctl *c, const Table *t)
{
        size_t n = strv_length((char *const *)t->headings), widths[COLUMNS_MAX] = {0};

        if (n == 0)
                return;
        if (c->form != TABLE_COMPACT) {
                measure(c, t, widths, n);
                fit(widths, n);
        }
        for (size_t i = 0; i < n && !c->no_legend; i++)
                print_cell(t->headings[i], STYLE_HEADING, widths[i], i + 1 == n);
        for (size_t i = 0; i < t->n_cells; i++)
                print_cell(t->cells[i].text, t->cells[i].style, widths[i % n], i % n + 1 == n);
}
