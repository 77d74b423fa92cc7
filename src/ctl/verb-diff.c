/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/json.h"
#include "ctl/pager.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

/* Array of {Kind, Path}; what has no kind is said about them. */
static int read_changes(const Ctl *c, sd_bus_message *reply, json_t **ret)
{
        _cleanup_json_ json_t *changes = json_array();
        const char *kind, *path;
        int r = sd_bus_message_enter_container(reply, 'a', "(ss)");

        while (r >= 0 && (r = sd_bus_message_read(reply, "(ss)", &kind, &path)) > 0)
                if (!*kind)
                        report_note(c, "%s", path);
                else if (json_array_append_new(changes,
                                               json_pack("{ssss}", "Kind", kind, "Path", path)) < 0)
                        return -ENOMEM;
        if (r >= 0)
                *ret = TAKE_PTR(changes);
        return r;
}

static void print_changes(const json_t *changes)
{
        json_t *change;
        size_t i;

        json_array_foreach(changes, i, change)
        {
                print_clean(stdout, json_string_value(json_object_get(change, "Kind")));
                (void)putchar(' ');
                print_clean(stdout, json_string_value(json_object_get(change, "Path")));
                (void)putchar('\n');
        }
}

int verb_diff(Ctl *c)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_json_ json_t *changes = NULL;
        _cleanup_fault_ Fault fault = {0};
        int r = client_machine_call_new(&c->client, "Diff", c->args.words[0], &m, &fault);

        if (r >= 0)
                r = sd_bus_message_append(m, "a{sv}", 0);
        if (r >= 0)
                r = client_call(&c->client, m, CLIENT_FOREVER, &reply, &fault);
        if (r >= 0)
                r = read_changes(c, reply, &changes);
        if (r < 0) {
                (void)client_fault(NULL, r, &fault);
                return report_fault(c, c->args.words[0], &fault);
        }
        if (c->json != JSON_OFF) {
                json_print(c, changes);
                return EXIT_OK;
        }
        pager_open(c);
        print_changes(changes);
        pager_close();
        return EXIT_OK;
}
