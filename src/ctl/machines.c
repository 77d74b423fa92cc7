/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/machines.h"

#include "base/text.h"
#include "ctl/report.h"

#include <fnmatch.h>
#include <string.h>

static int get_all(Ctl *c, const char *const *properties, ClientMachines *ret)
{
        _cleanup_fault_ Fault fault = {0};

        return client_list_machines(&c->client, properties, ret, &fault) < 0
                       ? report_fault(c, NULL, &fault)
                       : EXIT_OK;
}

int machines_select(Ctl *c, ClientMachines *list)
{
        int status = EXIT_OK;
        size_t kept = 0;

        if (c->args.n_words == 0)
                return EXIT_OK;

        STRV_FOREACH (word, c->args.words) {
                bool found = false;

                for (size_t i = 0; i < list->n && !found; i++)
                        found = fnmatch(*word, list->items[i].name, 0) == 0;
                if (found)
                        continue;
                status = kind_report_no_match(c, &kind_machine, *word);
        }
        for (size_t i = 0; i < list->n; i++) {
                bool selected = false;

                STRV_FOREACH (word, c->args.words)
                        selected = selected || fnmatch(*word, list->items[i].name, 0) == 0;
                if (selected)
                        list->items[kept++] = list->items[i];
                else
                        client_machine_done(&list->items[i]);
        }
        list->n = kept;
        return status;
}

int machines_get(Ctl *c, const char *const *properties, ClientMachines *ret)
{
        _cleanup_client_machines_ ClientMachines list = {0};
        int status = get_all(c, properties, &list);

        if (status != EXIT_OK)
                return status;
        status = machines_select(c, &list);
        *ret = list;
        list = (ClientMachines){0};
        return status;
}
