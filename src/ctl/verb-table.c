/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every verb with its options: what lodgectl understands, and what its help says. */
#include "ctl/verb-tables.h"

#include "base/text.h"
#include "ctl/nearest.h"

#include <string.h>

/* clang-format off */
static const Option global_table[] = {
        {"help", 'h', OPTION_FLAG, NULL, "print this help"},
        {"version", 0, OPTION_FLAG, NULL, "print the version"},
        {"json", 'j', OPTION_OPTIONAL, "MODE", "print JSON: short, pretty (-j on a terminal) or off"},
        {"output", 'o', OPTION_VALUE, "FORM", "table, compact, csv, json, jsonl, yaml; cat, short .. of logs"},
        {"no-legend", 0, OPTION_FLAG, NULL, "print no headings and no notes"},
        {"quiet", 'q', OPTION_FLAG, NULL, "print only names in lists, and no notes"},
        {"no-pager", 0, OPTION_FLAG, NULL, "do not pipe output into a pager"},
        {"no-ask-password", 0, OPTION_FLAG, NULL, "do not ask for a password"},
        {.name = NULL},
};

/* clang-format on */

static const VerbSection sections[] = {
        {"Machines", machine_verbs},
        {"Definitions of machines", definition_verbs},
        {"Commands in machines", inside_verbs},
        {"Images", image_verbs},
        {"Volumes", volume_verbs},
        {"Networks", network_verbs},
        {"Jobs", job_verbs},
        {"Host", host_verbs},
        {.heading = NULL},
};

const VerbSection *verb_sections(void)
{
        return sections;
}

const Verb *verb_at(size_t i)
{
        for (const VerbSection *s = sections; s->heading; s++)
                for (const Verb *v = s->verbs; v->name; v++)
                        if (i-- == 0)
                                return v;
        return NULL;
}

/* The next of names that are separated by ", "; @*names is moved behind it. */
static const char *next_name(const char **names, size_t *ret_n)
{
        const char *name = *names;

        if (!name || !*name)
                return NULL;
        *ret_n = strcspn(name, ",");
        *names = name + *ret_n + strspn(name + *ret_n, ", ");
        return name;
}

static bool has_name(const Verb *v, const char *name)
{
        const char *aliases = v->aliases, *alias;
        size_t n;

        if (streq(v->name, name))
                return true;
        while ((alias = next_name(&aliases, &n)))
                if (strlen(name) == n && strncmp(alias, name, n) == 0)
                        return true;
        return false;
}

const Verb *verb_find(const char *name)
{
        const Verb *v;

        for (size_t i = 0; (v = verb_at(i)); i++)
                if (has_name(v, name))
                        return v;
        return NULL;
}

static bool is_in_group(const char *name, const char *group)
{
        size_t n = strlen(group);

        return strncmp(name, group, n) == 0 && name[n] == ' ';
}

const char *const *verb_groups(void)
{
        static const char *const groups[] = {"image", "volume", "network", "port", "job", NULL};

        return groups;
}

bool verb_is_group(const char *word)
{
        STRV_FOREACH (group, verb_groups())
                if (streq(*group, word))
                        return true;
        return false;
}

const char *verb_nearest(const char *name)
{
        Nearest nearest = nearest_to(name, strlen(name));
        const char *space = strchr(name, ' ');
        size_t n = space ? (size_t)(space - name) + 1 : 0;
        const Verb *v;

        for (size_t i = 0; (v = verb_at(i)); i++)
                if (n > 0 ? strncmp(v->name, name, n) == 0 : !strchr(v->name, ' '))
                        nearest_offer(&nearest, v->name);
        STRV_FOREACH (group, n > 0 ? NULL : verb_groups())
                nearest_offer(&nearest, *group);
        return nearest.best;
}

char *verb_name_in_group(const Verb *verb, const char *group)
{
        const char *aliases = verb->aliases, *alias;
        size_t n;

        if (is_in_group(verb->name, group))
                return strdup(verb->name);
        while ((alias = next_name(&aliases, &n)))
                if (is_in_group(alias, group))
                        return strndup(alias, n);
        return NULL;
}

const Option *global_options(void)
{
        return global_table;
}

int verb_option_tables(const Verb *verb, const Option *tables[static VERB_OPTIONS_MAX])
{
        size_t n = 0;

        if (verb && verb->options)
                tables[n++] = verb->options;
        for (size_t i = 0; verb && i < VERB_SHARED_MAX && verb->shared[i]; i++)
                tables[n++] = verb->shared[i];
        if (verb && verb->settings) {
                tables[n] = verb->settings();
                if (!tables[n++])
                        return -ENOMEM;
        }
        tables[n++] = global_table;
        tables[n] = NULL;
        return 0;
}
