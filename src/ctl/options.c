/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/options.h"

#include "base/text.h"
#include "ctl/nearest.h"

#include <string.h>

void args_done(Args *a)
{
        free(a->given);
        free(a->words);
        *a = (Args){0};
}

const Option *option_find(const Option *const *tables, const char *name, size_t n, char letter)
{
        for (; *tables; tables++)
                for (const Option *o = *tables; o->name; o++) {
                        if (name && strlen(o->name) == n && strncmp(o->name, name, n) == 0)
                                return o;
                        if (!name && letter && o->letter == letter)
                                return o;
                }
        return NULL;
}

/* What machinectl and podman call an option of ours. */
static const struct {
        const char *theirs, *ours;
} synonyms[] = {
        {"setenv", "environment"}, {"env", "environment"},
        {"uid", "user"},           {"time", "timeout"},
        {"rm", "auto-remove"},     {"workdir", "working-directory"},
        {"net", "network"},        {"publish-all", "publish-exposed"},
};

static const Option *find_by_name(const Option *const *tables, const char *name, size_t n)
{
        const Option *o = option_find(tables, name, n, 0);

        for (size_t i = 0; i < ELEMENTSOF(synonyms) && !o; i++)
                if (strlen(synonyms[i].theirs) == n && strncmp(synonyms[i].theirs, name, n) == 0)
                        o = option_find(tables, synonyms[i].ours, strlen(synonyms[i].ours), 0);
        return o;
}

static const Option *find_by_letter(const Option *const *tables, char letter)
{
        const Option *o = option_find(tables, NULL, 0, letter);

        return o || letter != 'e' ? o : option_find(tables, NULL, 0, 'E'); /* podman's -e */
}

static int add_given(Args *a, const Option *o, const char *value)
{
        Given *grown = reallocarray(a->given, a->n_given + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        grown[a->n_given++] = (Given){.option = o, .value = value};
        a->given = grown;
        return 0;
}

/* What there is instead of options of podman and systemd-nspawn, where there is @ours. */
static const char *instead_of(const OptionTables *known, const char *name, size_t n)
{
        static const struct {
                const char *theirs, *ours, *advice;
        } others[] = {
                {"mount", "bind",
                 "write --bind=SOURCE:TARGET, --volume=NAME:TARGET or --tmpfs=TARGET"},
                {"bind-ro", "bind", "write --bind=SOURCE:TARGET:ro"},
                {"ephemeral", "writable-layer",
                 "what a machine writes is dropped when it stops if --writable-layer=keep is not "
                 "given"},
                {"volatile", "writable-layer", "write --writable-layer-medium=memory"},
        };

        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                if (strlen(others[i].theirs) == n && strncmp(others[i].theirs, name, n) == 0 &&
                    option_find(known->tables, others[i].ours, strlen(others[i].ours), 0))
                        return others[i].advice;
        return NULL;
}

static int unknown_option(const OptionTables *known, const char *name, size_t n, Fault *reterr)
{
        const char *instead = instead_of(known, name, n);
        Nearest nearest = nearest_to(name, n);

        if (instead)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "there is no option --%.*s: %s", (int)n, name, instead);
        for (const Option *const *t = known->tables; *t; t++)
                for (const Option *o = *t; o->name; o++)
                        nearest_offer(&nearest, o->name);
        if (nearest.best)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "there is no option --%.*s; did you mean --%s?", (int)n, name,
                                 nearest.best);
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "there is no option --%.*s", (int)n,
                         name);
}

/* "--name", "--name=value" or "--name value"; @*argv stands at it and is left on its last word. */
static int parse_long(char ***argv, const OptionTables *known, Args *a, Fault *reterr)
{
        const char *name = **argv + 2;
        size_t n = strcspn(name, "=");
        const char *value = name[n] == '=' ? name + n + 1 : NULL;
        const Option *o = find_by_name(known->tables, name, n);

        if (!o)
                return unknown_option(known, name, n, reterr);
        if (o->kind == OPTION_FLAG && value)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "the option --%s takes no value", o->name);
        if (o->kind == OPTION_BOOL && value && parse_bool(value) < 0)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "the option --%s wants yes or no, not '%s'", o->name, value);
        if (o->kind == OPTION_VALUE && !value) {
                value = (*argv)[1];
                if (!value)
                        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                         "the option --%s wants a value: --%s=%s", o->name, o->name,
                                         o->value_name);
                ++*argv;
        }
        return add_given(a, o, value ?: o->kind == OPTION_BOOL ? "yes" : NULL);
}

/* "-a", "-abc", "-vVALUE" or "-v VALUE" */
static int parse_letters(char ***argv, const OptionTables *known, Args *a, Fault *reterr)
{
        for (const char *p = **argv + 1; *p; p++) {
                const Option *o = find_by_letter(known->tables, *p);
                const char *value = NULL;

                if (!o)
                        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                         "there is no option -%c", *p);
                if (o->kind == OPTION_BOOL)
                        value = "yes";
                if (o->kind != OPTION_VALUE) {
                        int r = add_given(a, o, value);
                        if (r < 0)
                                return r;
                        continue;
                }
                value = p[1] ? p + 1 : *++*argv;
                if (!value)
                        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                         "the option -%c wants a value: -%c %s", *p, *p,
                                         o->value_name);
                return add_given(a, o, value);
        }
        return 0;
}

static bool options_are_over(const OptionTables *known, const Args *a)
{
        return a->n_words >= known->words_before_command ||
               (known->command_is_next && known->command_is_next(a));
}

static int parse_into(char **argv, const OptionTables *known, Args *a, Fault *reterr)
{
        bool over = options_are_over(known, a);

        for (; *argv; argv++) {
                int r = 0;

                if (!over && streq(*argv, "--"))
                        over = true;
                else if (!over && strncmp(*argv, "--", 2) == 0)
                        r = parse_long(&argv, known, a, reterr);
                else if (!over && (*argv)[0] == '-' && (*argv)[1])
                        r = parse_letters(&argv, known, a, reterr);
                else {
                        a->words[a->n_words++] = *argv;
                        over = over || options_are_over(known, a);
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

int args_parse(char **argv, const OptionTables *known, Args *ret, Fault *reterr)
{
        _cleanup_args_ Args a = {.words = calloc(strv_length(argv) + 1, sizeof(char *))};

        if (!a.words)
                return -ENOMEM;
        int r = parse_into(argv, known, &a, reterr);
        if (r < 0)
                return r;
        *ret = a;
        a = (Args){0};
        return 0;
}

static const Given *find_given(const Args *a, const char *name)
{
        for (size_t i = a->n_given; i > 0; i--)
                if (streq(a->given[i - 1].option->name, name))
                        return &a->given[i - 1];
        return NULL;
}

const char *args_value(const Args *a, const char *name)
{
        const Given *g = find_given(a, name);

        return g ? g->value : NULL;
}

int args_flag(const Args *a, const char *name)
{
        const Given *g = find_given(a, name);

        return !g ? -1 : g->option->kind == OPTION_BOOL ? parse_bool(g->value) : 1;
}
