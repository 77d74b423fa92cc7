/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/columns.h"
#include "ctl/machines.h"
#include "ctl/pager.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/time-text.h"
#include "ctl/verbs.h"

#include <string.h>

#define ADDRESSES_TEXT_MAX 64

/* When the state that is shown began. */
static uint64_t since_usec(const ClientMachine *m)
{
        if (streq(m->state, "paused"))
                return m->paused_usec;
        if (m->leader > 0)
                return streq(m->state, "ready") && m->ready_usec > 0 ? m->ready_usec
                                                                     : m->started_usec;
        return m->stopped_usec ?: m->created_usec;
}

/* The first, and how many there are beside it. */
static const char *addresses_text(const ClientMachine *m, char buf[static ADDRESSES_TEXT_MAX])
{
        const char *first = m->n_addresses > 0 ? m->addresses[0].address : "";
        int n = snprintf(buf, ADDRESSES_TEXT_MAX, "%.*s", (int)MIN2(strcspn(first, "/"), 48U),
                         first);

        if (m->n_addresses > 1)
                (void)snprintf(buf + n, ADDRESSES_TEXT_MAX - (size_t)n, " +%zu",
                               m->n_addresses - 1);
        return buf;
}

static int add_row(Table *t, const ClientMachine *m)
{
        char addresses[ADDRESSES_TEXT_MAX];
        char since[TIME_TEXT_MAX], leader[16] = "";

        if (m->leader > 0)
                (void)snprintf(leader, sizeof(leader), "%u", m->leader);
        if (table_add(t, STYLE_NONE, m->name) < 0 ||
            table_add(t, style_of_state(m->state), m->state) < 0 ||
            table_add(t, STYLE_NONE, *m->image ? m->image : m->root_directory) < 0 ||
            table_add(t, STYLE_NONE, leader) < 0 ||
            table_add(t, STYLE_NONE, addresses_text(m, addresses)) < 0 ||
            table_add(t, STYLE_NONE, time_ago(since_usec(m), since)) < 0)
                return -ENOMEM;
        return 0;
}

static int print_table(const Ctl *c, const ClientMachines *list)
{
        static const char *const headings[] = {"NAME",      "STATE", "IMAGE", "LEADER",
                                               "ADDRESSES", "SINCE", NULL};
        _cleanup_table_ Table t = {.headings = headings};

        if (list->n == 0) {
                if (!c->no_legend && isatty(STDERR_FILENO) && c->args.n_words == 0) {
                        report_note(c, "There are no machines.");
                        report_note(c, "hint: lodgectl images");
                }
                return EXIT_OK;
        }
        for (size_t i = 0; i < list->n; i++)
                if (add_row(&t, &list->items[i]) < 0)
                        return EXIT_FAILED;
        pager_open(c);
        table_print(c, &t);
        pager_close();
        return EXIT_OK;
}

static const Column columns[] = {
        {"NAME", "Name", NULL},
        {"STATE", "State", NULL},
        {"IMAGE", "Image", "RootDirectory"},
        {"LEADER", "Leader", NULL},
        {"ADDRESSES", "Addresses", NULL},
        {"SINCE", "Since", NULL},
        {.heading = NULL},
};

/* The rows of @all that were selected; both are in the order of names. */
static json_t *select_rows(const json_t *all, const ClientMachines *list, bool with_since)
{
        json_t *rows = json_array(), *row;
        size_t i, k = 0;

        json_array_foreach(all, i, row)
        {
                const char *name = json_string_value(json_object_get(row, "Name"));

                if (k >= list->n || !name || !streq(name, list->items[k].name))
                        continue;
                uint64_t since = since_usec(&list->items[k++]);
                if (with_since)
                        (void)json_object_set_new(row, "Since", json_integer((json_int_t)since));
                (void)json_array_append(rows, row);
        }
        return rows;
}

static uint64_t number_in(const json_t *machine, const char *property)
{
        return (uint64_t)json_integer_value(json_object_get(machine, property));
}

/* As much of each record as it takes to select, and for since_usec(). */
static int make_records(const json_t *all, ClientMachines *ret)
{
        json_t *row;
        size_t i;

        ret->items = calloc(json_array_size(all) + 1, sizeof(*ret->items));
        if (!ret->items)
                return -ENOMEM;
        json_array_foreach(all, i, row)
        {
                const char *name = json_string_value(json_object_get(row, "Name"));
                const char *state = json_string_value(json_object_get(row, "State"));
                ClientMachine *m = &ret->items[ret->n++];

                *m = (ClientMachine){.name = strdup(name ?: ""),
                                     .state = strdup(state ?: ""),
                                     .leader = (uint32_t)number_in(row, "Leader"),
                                     .created_usec = number_in(row, "CreatedTimestamp"),
                                     .started_usec = number_in(row, "StartedTimestamp"),
                                     .ready_usec = number_in(row, "ReadyTimestamp"),
                                     .stopped_usec = number_in(row, "StoppedTimestamp")};
                if (!m->name || !m->state)
                        return -ENOMEM;
        }
        return 0;
}

/* Every property of those that were selected, in every form but the plain table's. */
static int print_properties(Ctl *c)
{
        _cleanup_json_ json_t *all = NULL, *rows = NULL;
        _cleanup_client_machines_ ClientMachines list = {0};
        _cleanup_fault_ Fault fault = {0};
        bool with_since = c->json == JSON_OFF || args_value(&c->args, "columns");
        int r = kind_list(c, &kind_machine, (const char *const[]){NULL}, &all, &fault);

        if (r >= 0)
                r = make_records(all, &list);
        if (r < 0) {
                (void)client_fault(NULL, r, &fault);
                return report_fault(c, NULL, &fault);
        }
        int status = machines_select(c, &list);
        rows = select_rows(all, &list, with_since);
        int printed = columns_print(c, rows, columns);
        return status != EXIT_OK ? status : printed;
}

int verb_list(Ctl *c)
{
        static const char *const names[] = {"Name", NULL};
        static const char *const properties[] = {"Name",
                                                 "State",
                                                 "Image",
                                                 "RootDirectory",
                                                 "Leader",
                                                 "Addresses",
                                                 "CreatedTimestamp",
                                                 "StartedTimestamp",
                                                 "ReadyTimestamp",
                                                 "PausedTimestamp",
                                                 "StoppedTimestamp",
                                                 NULL};
        _cleanup_client_machines_ ClientMachines list = {0};

        if (!columns_are_plain(c) && !(c->quiet && c->json == JSON_OFF))
                return print_properties(c);
        int status = machines_get(c, c->quiet ? names : properties, &list);
        if (c->quiet) {
                for (size_t i = 0; i < list.n; i++)
                        (void)puts(list.items[i].name);
                return status;
        }
        if (status != EXIT_OK && list.n == 0)
                return status;
        int printed = print_table(c, &list);
        return status != EXIT_OK ? status : printed;
}
