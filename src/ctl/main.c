/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lodgectl: the command line of lodged. Runs as whoever calls it, holds no policy, and links
 * libsystemd and jansson only, so that it starts in a few milliseconds. */
#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/help.h"
#include "ctl/hint.h"
#include "ctl/log-print.h"
#include "ctl/polkit-agent.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#include <string.h>

/* The hint is the same line with one word replaced. */
static int unknown_verb(const Ctl *c, const char *name)
{
        const char *space = strchr(name, ' '), *nearest = verb_nearest(name);
        _cleanup_free_ char *line = NULL;
        size_t n = space ? (size_t)(space - name) + 1 : 0; /* of the group and the space */

        if (nearest)
                line = hint_command_line(c, "", name + n, nearest + n);
        report_error("there is no verb '%s'", name);
        if (line)
                report_hint("%s", line);
        else
                report_hint("lodgectl help%s%.*s", n > 0 ? " " : "", n > 0 ? (int)n - 1 : 0, name);
        return EXIT_USAGE;
}

static int bad_global_option(const Fault *f)
{
        report_error("%s", f->message ?: "out of memory");
        report_hint("lodgectl help");
        return EXIT_USAGE;
}

static int choose_form(Ctl *c, const char *form)
{
        static const struct {
                const char *name;
                JsonMode json;
                TableForm form;
        } forms[] = {
                {"table", JSON_OFF, TABLE_ALIGNED},   {"compact", JSON_OFF, TABLE_COMPACT},
                {"csv", JSON_OFF, TABLE_CSV},         {"json", JSON_SHORT, TABLE_ALIGNED},
                {"jsonl", JSON_LINES, TABLE_ALIGNED}, {"yaml", JSON_YAML, TABLE_ALIGNED},
        };

        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                if (!streq(form, forms[i].name))
                        continue;
                if (forms[i].json == JSON_OFF && !c->verb->prints_table)
                        break;
                c->json = forms[i].json == JSON_SHORT && isatty(STDOUT_FILENO) ? JSON_PRETTY
                                                                               : forms[i].json;
                c->form = forms[i].form;
                return EXIT_OK;
        }
        if (c->verb->prints_log && log_form_parse(form, &c->log_form) >= 0)
                return EXIT_OK;
        return report_usage(c->verb, "--output wants %sjson, jsonl or yaml here, not '%s'",
                            c->verb->prints_table ? "table, compact, csv, "
                            : c->verb->prints_log ? "cat, short, short-iso, short-precise, "
                                                  : "",
                            form);
}

static int choose_json(Ctl *c, const char *mode)
{
        static const char *const names[] = {
                [JSON_OFF] = "off", [JSON_SHORT] = "short", [JSON_PRETTY] = "pretty"};

        if (!mode) {
                c->json = isatty(STDOUT_FILENO) ? JSON_PRETTY : JSON_SHORT;
                return EXIT_OK;
        }
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(mode, names[i])) {
                        c->json = (JsonMode)i;
                        return EXIT_OK;
                }
        return report_usage(c->verb, "--json wants short, pretty or off, not '%s'", mode);
}

static int apply_global_options(Ctl *c, const Args *a)
{
        int status = EXIT_OK;

        c->no_legend = c->no_legend || args_has(a, "no-legend");
        c->quiet = c->quiet || args_has(a, "quiet");
        c->no_pager = c->no_pager || args_has(a, "no-pager");
        c->no_ask_password = c->no_ask_password || args_has(a, "no-ask-password");
        if (args_has(a, "json"))
                status = choose_json(c, args_value(a, "json"));
        if (status == EXIT_OK && args_value(a, "output"))
                status = choose_form(c, args_value(a, "output"));
        return status;
}

static int check_words(const Ctl *c)
{
        size_t n = c->args.n_words;

        if (n < c->verb->min_words)
                return report_usage(c->verb, "too few words: lodgectl %s %s", c->verb->name,
                                    c->verb->synopsis);
        if (n > c->verb->max_words)
                return report_usage(c->verb, "'%s' is one word too many: lodgectl %s %s",
                                    c->args.words[c->verb->max_words], c->verb->name,
                                    c->verb->synopsis);
        return EXIT_OK;
}

static int run_verb(Ctl *c)
{
        _cleanup_fault_ Fault fault = {0};

        if (!c->verb->without_bus) {
                if (client_open(!c->no_ask_password, &c->client, &fault) < 0)
                        return report_fault(c, NULL, &fault);
                polkit_agent_start(c);
        }
        int status = c->verb->run(c);
        polkit_agent_stop();
        client_close(&c->client);
        /* Who reads no further has had enough. */
        if (fflush(stdout) != 0 && errno != EPIPE && status == EXIT_OK) {
                report_error("cannot write the output: %s", strerror(errno));
                return EXIT_FAILED;
        }
        return status;
}

static int parse_verb_line(Ctl *c, char **rest)
{
        _cleanup_fault_ Fault fault = {0};
        const Option *tables[VERB_OPTIONS_MAX];

        if (verb_option_tables(c->verb, tables) < 0)
                return EXIT_FAILED;
        OptionTables known = {
                .tables = tables,
                .words_before_command = c->verb->words_before_command ?: SIZE_MAX,
                .command_is_next = c->verb->command_is_next,
        };
        if (args_parse(rest, &known, &c->args, &fault) < 0)
                return report_usage(c->verb, "%s", fault.message ?: "out of memory");
        return EXIT_OK;
}

/* The first word is the verb, or the first two are; what comes after it is the verb's. */
static bool verb_is_complete(const Args *a)
{
        return a->n_words > 1 || (a->n_words == 1 && !verb_is_group(a->words[0]));
}

/* "image" alone lists images, as lodgectl alone lists machines. */
static int find_verb(Ctl *c, const Args *a, char ***ret_rest)
{
        size_t n = MIN2(a->n_words, a->n_words > 0 && verb_is_group(a->words[0]) ? 2U : 1U);
        const char *group = n > 0 && verb_is_group(a->words[0]) ? a->words[0] : NULL;

        if (asprintf(&c->called, "%s%s%s", group ?: "", group ? " " : "",
                     n > (group != NULL) ? a->words[n - 1]
                     : group             ? "ls"
                                         : "list") < 0) {
                c->called = NULL;
                return EXIT_FAILED;
        }
        c->verb = verb_find(c->called);
        if (!c->verb && group && streq(group, "port")) { /* "port NAME", as podman has it */
                c->verb = verb_find("port ls");
                n = 1;
        }
        *ret_rest = a->words + n;
        return c->verb ? EXIT_OK : unknown_verb(c, c->called);
}

static int run_command_line(Ctl *c, char **argv)
{
        _cleanup_fault_ Fault fault = {0};
        _cleanup_args_ Args global = {0};
        const Option *tables[] = {global_options(), NULL};
        OptionTables known = {.tables = tables,
                              .words_before_command = SIZE_MAX,
                              .command_is_next = verb_is_complete};
        char **rest;

        if (args_parse(argv + 1, &known, &global, &fault) < 0)
                return bad_global_option(&fault);
        if (args_has(&global, "help"))
                return global.n_words > 0 ? help_on_word(global.words[0]) : help_on_all();
        if (args_has(&global, "version"))
                return help_version();
        int status = find_verb(c, &global, &rest);
        if (status == EXIT_OK)
                status = apply_global_options(c, &global);
        if (status == EXIT_OK)
                status = parse_verb_line(c, rest);
        if (status != EXIT_OK)
                return status;
        if (args_has(&c->args, "help"))
                return help_on_verb(c->verb);
        if (args_has(&c->args, "version"))
                return help_version();
        status = apply_global_options(c, &c->args);
        if (status == EXIT_OK)
                status = check_words(c);
        return status == EXIT_OK ? run_verb(c) : status;
}

int main(int argc, char **argv)
{
        Ctl c = {.argv = argv};

        int status = run_command_line(&c, argv);
        args_done(&c.args);
        free(c.called);
        return status;
}
