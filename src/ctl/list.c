/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/list.h"

#include "ctl/report.h"

#include <string.h>

#define PROPERTIES_MAX 24U

/* What the table shows; an empty list asks for all. */
static void choose_properties(const Ctl *c, const Column *columns,
                              const char *ret[static PROPERTIES_MAX])
{
        bool names_only = c->quiet && c->json == JSON_OFF;
        size_t n = 0;

        for (const Column *k = columns; k->heading && n + 2 < PROPERTIES_MAX; k++) {
                if (!names_only && !columns_are_plain(c))
                        break;
                ret[n++] = k->property;
                if (k->fallback)
                        ret[n++] = k->fallback;
                if (names_only)
                        break; /* the name comes first */
        }
        ret[n] = NULL;
}

static void note_empty(const Ctl *c, const Kind *kind, const char *hint)
{
        if (c->no_legend || !isatty(STDERR_FILENO) || c->args.n_words > 0)
                return;
        report_note(c, "There are no %ss.", kind->word);
        if (hint && !c->quiet)
                report_hint("%s", hint);
}

int list_objects(Ctl *c, const Kind *kind, const Column *columns, const char *empty_hint)
{
        const char *properties[PROPERTIES_MAX];
        _cleanup_json_ json_t *rows = NULL;
        json_t *row;
        size_t i;

        choose_properties(c, columns, properties);
        int status = kind_list_selected(c, kind, properties, &rows);
        if (!rows)
                return status;
        if (c->quiet && c->json == JSON_OFF) {
                json_array_foreach(rows, i, row)
                {
                        print_clean(stdout, kind_name_of(row));
                        (void)putchar('\n');
                }
                return status;
        }
        if (json_array_size(rows) == 0 && columns_are_plain(c))
                note_empty(c, kind, empty_hint);
        int printed = columns_print(c, rows, columns);
        return status != EXIT_OK ? status : printed;
}

int list_elements(Ctl *c, const char *property, ListRowFn row_of, const Column *columns)
{
        const char *const properties[] = {"Name", property, NULL};
        _cleanup_json_ json_t *machines = NULL, *rows = json_array();
        json_t *machine, *element;
        size_t i, j;

        int status = kind_list_selected(c, &kind_machine, properties, &machines);
        if (!machines)
                return status;
        json_array_foreach(machines, i, machine)
        {
                json_array_foreach(json_object_get(machine, property), j, element)(void)
                        json_array_append_new(rows, row_of(kind_name_of(machine), element));
        }
        int printed = columns_print(c, rows, columns);
        return status != EXIT_OK ? status : printed;
}
