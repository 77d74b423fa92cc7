/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/machines.h"

#include "base/text.h"
#include "ctl/report.h"

#include <fnmatch.h>
#include <string.h>

static bool is_pattern(const char *word)
{
        return strpbrk(word, "*?[") != NULL;
}

static int get_all(Ctl *c, const char *const *properties, ClientMachines *ret)
{
        _cleanup_fault_ Fault fault = {0};

        return client_list_machines(&c->client, properties, ret, &fault) < 0
                       ? report_fault(c, NULL, &fault)
                       : EXIT_OK;
}

static int report_no_match(const char *pattern)
{
        report_error("no machine matches '%s'", pattern);
        report_hint("lodgectl list");
        return EXIT_NOT_FOUND;
}

static int expand_pattern(const char *pattern, const ClientMachines *all, char ***names)
{
        bool found = false;

        for (size_t i = 0; i < all->n; i++)
                if (fnmatch(pattern, all->items[i].name, 0) == 0) {
                        if (strv_push(names, all->items[i].name) < 0)
                                return EXIT_FAILED;
                        found = true;
                }
        if (found)
                return EXIT_OK;
        return report_no_match(pattern);
}

static bool has_pattern(char *const *words)
{
        STRV_FOREACH (word, words)
                if (is_pattern(*word))
                        return true;
        return false;
}

int machines_expand(Ctl *c, char ***ret)
{
        _cleanup_client_machines_ ClientMachines all = {0};
        _cleanup_strv_free_ char **names = NULL;
        int status = EXIT_OK;

        if (has_pattern(c->args.words)) {
                status = get_all(c, (const char *const[]){"Name", NULL}, &all);
                if (status != EXIT_OK)
                        return status;
        }
        STRV_FOREACH (word, c->args.words) {
                if (!is_pattern(*word)) {
                        if (strv_push(&names, *word) < 0)
                                return EXIT_FAILED;
                        continue;
                }
                int s = expand_pattern(*word, &all, &names);
                if (s != EXIT_OK)
                        status = s;
        }
        *ret = TAKE_PTR(names);
        return status;
}

static int report_unknown(Ctl *c, const char *name)
{
        _cleanup_fault_ Fault fault = {0};

        (void)fault_set(&fault, FAULT_NO_SUCH_MACHINE, 0, "there is no machine of this name");
        return report_fault(c, name, &fault);
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
                status = EXIT_NOT_FOUND;
                if (is_pattern(*word))
                        (void)report_no_match(*word);
                else
                        (void)report_unknown(c, *word);
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

int machines_append_no_options(const Ctl *c, sd_bus_message *m)
{
        return sd_bus_message_append(m, "a{sv}", 0);
}

int machines_append_timeout(const Ctl *c, sd_bus_message *m)
{
        return client_append_options(
                m, (const char *const[]){"TimeoutSec", args_value(&c->args, "timeout"), NULL});
}
