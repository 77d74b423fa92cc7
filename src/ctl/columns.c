/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/columns.h"

#include "base/size-text.h"
#include "base/text.h"
#include "ctl/network-text.h"
#include "ctl/pager.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/time-text.h"

#include <ctype.h>
#include <string.h>

#define CHOSEN_MAX  16U
#define HEADING_MAX 32U

typedef struct Chosen {
        Column columns[CHOSEN_MAX];
        char headings[CHOSEN_MAX][HEADING_MAX];
        size_t n;
} Chosen;

bool columns_are_plain(const Ctl *c)
{
        return c->json == JSON_OFF && c->form != TABLE_CSV && !args_value(&c->args, "columns");
}

/* A property of the first row whose name this is, however it is spelled. */
static const char *find_property(const json_t *rows, const char *word, size_t n)
{
        const char *key;
        json_t *value;

        json_object_foreach(json_array_get(rows, 0), key,
                            value) if (strlen(key) == n &&
                                       strncasecmp(key, word, n) == 0) return key;
        return NULL;
}

static bool choose_one(Chosen *chosen, const json_t *rows, const Column *standard, const char *word,
                       size_t n)
{
        char *heading = chosen->headings[chosen->n];
        Column *column = &chosen->columns[chosen->n];

        for (const Column *s = standard; s->heading; s++)
                if ((strlen(s->heading) == n && strncasecmp(s->heading, word, n) == 0) ||
                    (strlen(s->property) == n && strncasecmp(s->property, word, n) == 0)) {
                        *column = *s;
                        chosen->n++;
                        return true;
                }
        *column = (Column){.heading = heading, .property = find_property(rows, word, n)};
        if (!column->property)
                return false;
        for (size_t i = 0; i < HEADING_MAX - 1 && column->property[i]; i++)
                heading[i] = (char)toupper((unsigned char)column->property[i]);
        chosen->n++;
        return true;
}

static int choose(const Ctl *c, const json_t *rows, const Column *standard, Chosen *ret)
{
        const char *words = args_value(&c->args, "columns");

        for (const Column *s = standard; !words && s->heading; s++)
                ret->columns[ret->n++] = *s;
        while (words && *words) {
                size_t n = strcspn(words, ",");

                if (ret->n >= CHOSEN_MAX)
                        return report_usage(c->verb, "more than %u columns", CHOSEN_MAX);
                if (!choose_one(ret, rows, standard, words, n) && json_array_size(rows) > 0)
                        return report_usage(c->verb, "there is no column '%.*s'", (int)n, words);
                words += n + (words[n] == ',');
        }
        return EXIT_OK;
}

/* The whole row, or what --columns has left of it, in that order. */
static json_t *part_of(const Chosen *chosen, const json_t *row)
{
        json_t *part = json_object();

        for (size_t i = 0; i < chosen->n; i++) {
                const char *property = chosen->columns[i].property;

                (void)json_object_set(part, property, json_object_get(row, property));
        }
        return part;
}

static int print_structured(const Ctl *c, const Chosen *chosen, const json_t *rows)
{
        _cleanup_json_ json_t *parts = json_array();
        json_t *row;
        size_t i;

        if (!args_value(&c->args, "columns")) {
                json_print(c, rows);
                return EXIT_OK;
        }
        json_array_foreach(rows, i, row) if (json_array_append_new(parts, part_of(chosen, row)) <
                                             0) return EXIT_FAILED;
        json_print(c, parts);
        return EXIT_OK;
}

/* Text as it is, everything else as JSON. */
static char *raw_text(const json_t *value)
{
        if (json_is_string(value))
                return text_for_display(json_string_value(value), json_string_length(value));
        return value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6))
                     : strdup("");
}

static void print_csv_field(const char *text, bool is_last)
{
        if (text[strcspn(text, ",\"\r\n")]) {
                (void)putchar('"');
                for (; *text; text++)
                        (void)printf(*text == '"' ? "\"\"" : "%c", *text);
                (void)putchar('"');
        } else {
                (void)fputs(text, stdout);
        }
        (void)putchar(is_last ? '\n' : ',');
}

static int print_csv(const Ctl *c, const Chosen *chosen, const json_t *rows)
{
        json_t *row;
        size_t i;

        for (size_t k = 0; k < chosen->n && !c->no_legend; k++)
                print_csv_field(chosen->columns[k].property, k + 1 == chosen->n);
        json_array_foreach(rows, i, row)
        {
                for (size_t k = 0; k < chosen->n; k++) {
                        _cleanup_free_ char *text =
                                raw_text(json_object_get(row, chosen->columns[k].property));

                        print_csv_field(text ?: "", k + 1 == chosen->n);
                }
        }
        return EXIT_OK;
}

/* Names in a list, one after the other. */
static char *joined_text(const json_t *array)
{
        char *text = NULL;
        size_t size, i;
        FILE *f = open_memstream(&text, &size);
        json_t *value;

        if (!f)
                return NULL;
        json_array_foreach(array, i, value)
        {
                _cleanup_free_ char *one = network_element_text(value) ?: raw_text(value);

                (void)fprintf(f, "%s%s", i > 0 ? ", " : "", one ?: "");
        }
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

static bool ends_with(const char *property, const char *end)
{
        size_t n = strlen(property), n_end = strlen(end);

        return n > n_end && streq(property + n - n_end, end);
}

static bool is_time(const char *property)
{
        return streq(property, "Since") || ends_with(property, "Timestamp");
}

static bool is_size(const char *property)
{
        return streq(property, "Size") || streq(property, "Reclaimable") ||
               strncmp(property, "Bytes", 5) == 0 || ends_with(property, "Bytes") ||
               ends_with(property, "BytesRate") || strncmp(property, "Memory", 6) == 0;
}

/* Where zero is somebody, or what was counted, not nothing. */
static bool zero_counts(const char *property)
{
        return streq(property, "Owner") || streq(property, "StartedByUID") ||
               strncmp(property, "Received", 8) == 0 || strncmp(property, "Sent", 4) == 0 ||
               strncmp(property, "IO", 2) == 0 || strncmp(property, "Memory", 6) == 0 ||
               strncmp(property, "Network", 7) == 0 || ends_with(property, "USec") ||
               streq(property, "ReadBytes") || streq(property, "Reads") ||
               strncmp(property, "Writ", 4) == 0 || streq(property, "DiscardedBytes");
}

/* Of a job; below zero it is not known. */
static char *percent_text(double part)
{
        char text[8] = "";

        if (part >= 0)
                (void)snprintf(text, sizeof(text), "%u%%", (unsigned)(MIN2(part, 1.0) * 100));
        return strdup(text);
}

static char *cell_text(const json_t *row, const Column *column)
{
        const json_t *value = json_object_get(row, column->property);
        const char *text = json_string_value(value);
        char ago[TIME_TEXT_MAX], size[SIZE_TEXT_MAX];

        bool empty = text ? !*text : json_is_integer(value) && json_integer_value(value) == 0;
        if (empty && column->fallback)
                value = json_object_get(row, column->fallback);
        if (json_is_integer(value) && json_integer_value(value) == 0 &&
            !zero_counts(column->property))
                return strdup("");
        if (json_is_integer(value) && is_time(column->property))
                return strdup(time_ago((uint64_t)json_integer_value(value), ago));
        if (json_is_integer(value) && ends_with(column->property, "USec"))
                return strdup(time_span((uint64_t)json_integer_value(value), ago));
        if (json_is_integer(value) && is_size(column->property))
                return strdup(size_text((uint64_t)json_integer_value(value), size));
        if (json_is_array(value))
                return joined_text(value);
        if (streq(column->property, "Progress") && json_is_number(value))
                return percent_text(json_number_value(value));
        return raw_text(value);
}

static int print_table(const Ctl *c, const Chosen *chosen, const json_t *rows)
{
        const char *headings[CHOSEN_MAX + 1] = {NULL};
        _cleanup_table_ Table t = {.headings = headings};
        json_t *row;
        size_t i;

        for (size_t k = 0; k < chosen->n; k++)
                headings[k] = chosen->columns[k].heading;
        json_array_foreach(rows, i, row)
        {
                for (size_t k = 0; k < chosen->n; k++) {
                        _cleanup_free_ char *text = cell_text(row, &chosen->columns[k]);
                        bool is_state = text && streq(chosen->columns[k].property, "State");

                        if (table_add(&t, is_state ? style_of_state(text) : STYLE_NONE, text) < 0)
                                return EXIT_FAILED;
                }
        }
        pager_open(c);
        table_print(c, &t);
        pager_close();
        return EXIT_OK;
}

int columns_print(const Ctl *c, const json_t *rows, const Column *standard)
{
        Chosen chosen = {0};
        int status = choose(c, rows, standard, &chosen);

        if (status != EXIT_OK)
                return status;
        if (c->json != JSON_OFF)
                return print_structured(c, &chosen, rows);
        if (c->form == TABLE_CSV)
                return print_csv(c, &chosen, rows);
        return json_array_size(rows) > 0 ? print_table(c, &chosen, rows) : EXIT_OK;
}
