/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/fields.h"
#include "ctl/kinds.h"
#include "ctl/report.h"
#include "ctl/screens.h"
#include "ctl/table.h"
#include "ctl/terminal.h"
#include "ctl/verbs.h"

#include <string.h>

static const char *text_in(const json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key)) ?: "";
}

static Style style_of(const json_t *network)
{
        const char *state = text_in(network, "State");

        return streq(state, "up") ? STYLE_GOOD : streq(state, "broken") ? STYLE_BAD : STYLE_DIM;
}

static void print_header(const json_t *network)
{
        const char *description = text_in(network, "Description");

        (void)printf("%s%s%s ", style_on(style_of(network)), terminal_takes_utf8() ? "●" : "*",
                     style_off());
        print_clean(stdout, kind_name_of(network));
        if (*description) {
                (void)fputs(" - ", stdout);
                print_clean(stdout, description);
        }
        (void)putchar('\n');
        field_begin("State");
        (void)fputs(style_on(style_of(network)), stdout);
        print_clean(stdout, text_in(network, "State"));
        (void)printf("%s\n", style_off());
}

static void print_switches(const json_t *network)
{
        static const struct {
                const char *key, *on, *off;
        } switches[] = {
                {"Internal", "internal, no way out", "has a way out"},
                {"NAT", "NAT", "no NAT"},
                {"DNS", "DNS", "no DNS"},
        };
        bool internal = json_is_true(json_object_get(network, "Internal"));
        size_t n = 0;

        field_begin("Options");
        for (size_t i = 0; i < ELEMENTSOF(switches); i++) {
                bool on = json_is_true(json_object_get(network, switches[i].key));

                if (internal && streq(switches[i].key, "NAT"))
                        continue; /* nothing leaves */
                (void)printf("%s%s", n++ > 0 ? ", " : "", on ? switches[i].on : switches[i].off);
        }
        (void)putchar('\n');
}

static bool is_in(const json_t *array, const char *word)
{
        json_t *value;
        size_t i;

        json_array_foreach(array, i, value) if (streq(json_string_value(value), word)) return true;
        return false;
}

/* A machine a line, with all its addresses. */
static void print_leases(const json_t *network)
{
        const json_t *leases = json_object_get(network, "Leases");
        const char *last = NULL;
        json_t *lease;
        size_t i;

        json_array_foreach(leases, i, lease)
        {
                const char *machine = text_in(lease, "Machine");

                if (!last)
                        field_begin("Addresses");
                else if (!streq(last, machine))
                        (void)printf("\n" FIELD_INDENT);
                if (!last || !streq(last, machine)) {
                        print_clean(stdout, machine);
                        if (!is_in(json_object_get(network, "Machines"), machine))
                                (void)fputs(" (not in it now)", stdout);
                }
                (void)putchar(' ');
                print_clean(stdout, text_in(lease, "Address"));
                last = machine;
        }
        if (last)
                (void)putchar('\n');
}

static void print_screen(const Ctl *c, const json_t *network)
{
        json_int_t mtu = json_integer_value(json_object_get(network, "MTU"));

        print_header(network);
        field_text(network, "Error", "LoadError");
        field_text(network, "File", "Path");
        field_words(network, "Subnets", "Subnets");
        field_words(network, "Gateways", "Gateways");
        field_text(network, "Bridge", "Bridge");
        if (mtu > 0)
                (void)printf(FIELD_LABEL "%lld\n", "MTU", (long long)mtu);
        print_switches(network);
        field_time(network, "Created", "CreatedTimestamp");
        field_words(network, "Machines", "Machines");
        print_leases(network);
        field_lines(network, "Labels", "Labels");
}

int verb_network_status(Ctl *c)
{
        return screens_print(c, &kind_network, print_screen);
}
