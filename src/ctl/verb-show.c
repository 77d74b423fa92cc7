/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/json.h"
#include "ctl/machines.h"
#include "ctl/pager.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#include <string.h>

/* "-p State,Leader" as systemctl takes it, and "-p State -p Leader". */
static bool names_property(const char *list, const char *property)
{
        size_t n = strlen(property);

        for (const char *p = list; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ','))
                if (strcspn(p, ",") == n && strncmp(p, property, n) == 0)
                        return true;
        return false;
}

static bool is_wanted(const Ctl *c, const char *property)
{
        bool all = true;

        for (size_t i = 0; i < c->args.n_given; i++) {
                const Given *g = &c->args.given[i];

                if (!streq(g->option->name, "property"))
                        continue;
                all = false;
                if (names_property(g->value, property))
                        return true;
        }
        return all;
}

static void print_value(const json_t *value)
{
        _cleanup_free_ char *text = NULL;

        if (json_is_string(value)) {
                print_clean(stdout, json_string_value(value));
                return;
        }
        if (json_is_boolean(value)) {
                (void)fputs(json_is_true(value) ? "yes" : "no", stdout);
                return;
        }
        text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        print_clean(stdout, text ?: "");
}

static void print_lines(const Ctl *c, const json_t *machine)
{
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)machine, key, value)
        {
                if (!args_has(&c->args, "value"))
                        (void)printf("%s=", key);
                print_value(value);
                (void)putchar('\n');
        }
}

static void drop_unwanted(const Ctl *c, json_t *machine)
{
        const char *key;
        json_t *value;
        void *next;

        json_object_foreach_safe(machine, next, key, value) if (!is_wanted(c, key))(void)
                json_object_del(machine, key);
}

static int get_machine(Ctl *c, const char *name, json_t **ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_fault_ Fault fault = {0};
        int r = client_machine_get_properties(&c->client, name, &m, &fault);

        if (r >= 0)
                r = json_machine_from_message(m, ret);
        if (r >= 0) {
                drop_unwanted(c, *ret);
                return EXIT_OK;
        }
        (void)client_fault(NULL, r, &fault);
        return report_fault(c, name, &fault);
}

static int check_properties(const Ctl *c, const json_t *machine)
{
        for (size_t i = 0; i < c->args.n_given; i++) {
                const Given *g = &c->args.given[i];

                if (streq(g->option->name, "property") && !strchr(g->value, ',') &&
                    !json_object_get(machine, g->value))
                        return report_usage(c->verb, "a machine has no property '%s'", g->value);
        }
        return EXIT_OK;
}

/* One machine that was named is an object in JSON, anything else an array. */
static void print_all(const Ctl *c, const json_t *machines)
{
        json_t *machine;
        size_t i;

        if (c->json != JSON_OFF) {
                bool one = c->args.n_words == 1 && !strpbrk(c->args.words[0], "*?[");

                if (json_array_size(machines) > 0 || !one)
                        json_print(c, one ? json_array_get(machines, 0) : machines);
                return;
        }
        pager_open(c);
        json_array_foreach(machines, i, machine)
        {
                if (i > 0)
                        (void)putchar('\n');
                print_lines(c, machine);
        }
        pager_close();
}

int verb_show(Ctl *c)
{
        _cleanup_json_ json_t *machines = json_array();
        _cleanup_strv_free_ char **names = NULL;
        int status = machines_expand(c, &names);

        STRV_FOREACH (name, names) {
                _cleanup_json_ json_t *machine = NULL;
                int s = get_machine(c, *name, &machine);

                if (s == EXIT_OK)
                        s = check_properties(c, machine);
                if (s == EXIT_OK)
                        (void)json_array_append(machines, machine);
                if (s != EXIT_OK && status == EXIT_OK)
                        status = s;
        }
        print_all(c, machines);
        return status;
}
