/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/help.h"

#include "ctl/verbs.h"

#include <string.h>

#define COLUMN 32 /* where the explanations begin */

static void print_option(const Option *o)
{
        const char letter[] = {'-', o->letter, ',', ' ', '\0'};
        const char *first = o->letter ? letter : "    ";
        char left[96];

        switch (o->kind) {
        case OPTION_FLAG: (void)snprintf(left, sizeof(left), "%s--%s", first, o->name); break;
        case OPTION_BOOL:
                (void)snprintf(left, sizeof(left), "%s--%s[=BOOL]", first, o->name);
                break;
        case OPTION_VALUE:
                (void)snprintf(left, sizeof(left), "%s--%s=%s", first, o->name, o->value_name);
                break;
        case OPTION_OPTIONAL:
                (void)snprintf(left, sizeof(left), "%s--%s[=%s]", first, o->name, o->value_name);
                break;
        }
        if (strlen(left) + 2 > COLUMN)
                (void)printf("  %s\n  %*s%s\n", left, COLUMN, "", o->help);
        else
                (void)printf("  %-*s%s\n", COLUMN, left, o->help);
}

static void print_options(const char *heading, const Option *table)
{
        (void)printf("\n%s\n", heading);
        for (const Option *o = table; o->name; o++)
                print_option(o);
}

int help_on_all(void)
{
        (void)printf("lodgectl [OPTION...] [VERB] ...\n\n"
                     "Create, start, watch and enter machines (containers) that lodged manages.\n\n"
                     "Verbs\n");
        for (const Verb *v = verb_table(); v->name; v++) {
                char left[64];

                (void)snprintf(left, sizeof(left), "%s %s", v->name, v->synopsis);
                (void)printf("  %-*s%s\n", COLUMN, left, v->summary);
        }
        print_options("Options", global_options());
        (void)printf("\nlodgectl help VERB explains a verb; lodgectl(1) is the manual.\n");
        return EXIT_OK;
}

int help_on_verb(const Verb *verb)
{
        const Option *tables[4];

        (void)printf("lodgectl %s [OPTION...] %s\n\n%s.\n", verb->name, verb->synopsis,
                     verb->summary);
        if (verb->aliases)
                (void)printf("Also known as: %s.\n", verb->aliases);
        if (verb_option_tables(verb, tables) < 0)
                return EXIT_FAILED;
        for (const Option **t = tables; *t; t++)
                if (*t == global_options())
                        print_options("Options of every verb", *t);
                else if (*t == verb->options)
                        print_options("Options", *t);
                else
                        print_options("Settings of the machine, see lodge.machine(5)", *t);
        return EXIT_OK;
}

int help_version(void)
{
        (void)printf("lodge %s\n", LODGE_VERSION);
        return EXIT_OK;
}
