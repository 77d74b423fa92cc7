/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/json.h"
#include "ctl/machines.h"
#include "ctl/pager.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/time-text.h"
#include "ctl/verbs.h"

#include <fnmatch.h>

/* When the state that is shown began. */
static uint64_t since_usec(const ClientMachine *m)
{
        if (m->leader > 0)
                return streq(m->state, "ready") && m->ready_usec > 0 ? m->ready_usec
                                                                     : m->started_usec;
        return m->stopped_usec ?: m->created_usec;
}

static int add_row(Table *t, const ClientMachine *m)
{
        char since[TIME_TEXT_MAX], leader[16] = "";

        if (m->leader > 0)
                (void)snprintf(leader, sizeof(leader), "%u", m->leader);
        if (table_add(t, STYLE_NONE, m->name) < 0 ||
            table_add(t, style_of_state(m->state), m->state) < 0 ||
            table_add(t, STYLE_NONE, *m->image ? m->image : m->root_directory) < 0 ||
            table_add(t, STYLE_NONE, leader) < 0 ||
            table_add(t, STYLE_NONE, time_ago(since_usec(m), since)) < 0)
                return -ENOMEM;
        return 0;
}

static int print_table(const Ctl *c, const ClientMachines *list)
{
        static const char *const headings[] = {"NAME", "STATE", "IMAGE", "LEADER", "SINCE", NULL};
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

static bool is_selected(const Ctl *c, const json_t *machine)
{
        const char *name = json_string_value(json_object_get(machine, "Name"));

        STRV_FOREACH (word, c->args.words)
                if (name && fnmatch(*word, name, 0) == 0)
                        return true;
        return c->args.n_words == 0;
}

static int print_json(Ctl *c)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_json_ json_t *all = NULL, *selected = json_array();
        _cleanup_fault_ Fault fault = {0};
        json_t *machine;
        size_t i;

        int r = client_ask_machines(&c->client, (const char *const[]){NULL}, &m, &fault);
        if (r >= 0)
                r = json_machines_from_message(m, &all);
        if (r < 0) {
                (void)client_fault(NULL, r, &fault);
                return report_fault(c, NULL, &fault);
        }
        json_array_foreach(all, i, machine) if (is_selected(c, machine))(void)
                json_array_append(selected, machine);
        json_print(c, selected);
        return EXIT_OK;
}

int verb_list(Ctl *c)
{
        static const char *const names[] = {"Name", NULL};
        static const char *const columns[] = {"Name",
                                              "State",
                                              "Image",
                                              "RootDirectory",
                                              "Leader",
                                              "CreatedTimestamp",
                                              "StartedTimestamp",
                                              "ReadyTimestamp",
                                              "StoppedTimestamp",
                                              NULL};
        _cleanup_client_machines_ ClientMachines list = {0};

        if (c->json != JSON_OFF)
                return print_json(c);
        int status = machines_get(c, c->quiet ? names : columns, &list);
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
