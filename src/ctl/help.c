/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/help.h"

#include "ctl/report.h"
#include "ctl/verb-tables.h"

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

static void print_options(const Option *table)
{
        for (const Option *o = table; o->name; o++)
                print_option(o);
}

static void print_verb(const char *name, const Verb *v)
{
        char left[96];

        (void)snprintf(left, sizeof(left), "%s%s%s", name, *v->synopsis ? " " : "", v->synopsis);
        if (strlen(left) + 2 > COLUMN)
                (void)printf("  %s\n  %*s%s\n", left, COLUMN, "", v->summary);
        else
                (void)printf("  %-*s%s\n", COLUMN, left, v->summary);
}

int help_on_all(void)
{
        (void)printf("lodgectl [OPTION...] [VERB] ...\n\n"
                     "Create, start, watch and enter machines (containers) that lodged manages.\n");
        for (const VerbSection *s = verb_sections(); s->heading; s++) {
                (void)printf("\n%s\n", s->heading);
                for (const Verb *v = s->verbs; v->name; v++)
                        print_verb(v->name, v);
        }
        (void)puts("\nOptions");
        print_options(global_options());
        (void)printf("\nlodgectl help VERB explains a verb; lodgectl(1) is the manual.\n");
        return EXIT_OK;
}

static int help_on_group(const char *group)
{
        const Verb *v;

        (void)printf("lodgectl [OPTION...] %s [VERB] ...\n\nVerbs\n", group);
        for (size_t i = 0; (v = verb_at(i)); i++) {
                _cleanup_free_ char *name = verb_name_in_group(v, group);

                if (name)
                        print_verb(name, v);
        }
        (void)printf("\nlodgectl help %s VERB explains a verb; without one it is ls.\n", group);
        return EXIT_OK;
}

int help_on_word(const char *word)
{
        const Verb *verb = verb_find(word);

        if (verb)
                return help_on_verb(verb);
        if (verb_is_group(word))
                return help_on_group(word);

        const char *nearest = verb_nearest(word);
        report_error("there is no verb '%s'", word);
        report_hint("lodgectl help%s%s", nearest ? " " : "", nearest ?: "");
        return EXIT_USAGE;
}

static const char *heading_of(const Verb *verb, const Option *table)
{
        if (table == global_options())
                return "Options of every verb";
        if (table == verb->options)
                return "Options";
        if (table == registry_options)
                return "Options for the registry";
        if (table == settings_options())
                return "Settings of the machine, see lodge.machine(5)";
        if (table == network_options())
                return "Settings of the network, see lodge.network(5)";
        return NULL;
}

int help_on_verb(const Verb *verb)
{
        const Option *tables[VERB_OPTIONS_MAX];
        bool has_heading = false;

        (void)printf("lodgectl %s [OPTION...] %s\n\n%s.\n", verb->name, verb->synopsis,
                     verb->summary);
        if (verb->aliases)
                (void)printf("Also known as: %s.\n", verb->aliases);
        if (verb_option_tables(verb, tables) < 0)
                return EXIT_FAILED;
        for (const Option **t = tables; *t; t++) {
                const char *heading = heading_of(verb, *t);

                if (heading || !has_heading)
                        (void)printf("\n%s\n", heading ?: "Options");
                has_heading = true;
                print_options(*t);
        }
        return EXIT_OK;
}

int help_version(void)
{
        (void)printf("lodge %s\n", LODGE_VERSION);
        return EXIT_OK;
}
