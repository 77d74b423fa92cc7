/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verify: what is wrong in definitions, found here, so that files can be checked before lodged sees
 * them, and without it. */
#include "base/names.h"
#include "base/text.h"
#include "ctl/definition.h"
#include "ctl/report.h"
#include "ctl/verbs.h"
#include "spec/layers.h"

#include <string.h>

static int verify_machine(const char *name, Findings *findings)
{
        _cleanup_layers_ Layers layers = {0};
        _cleanup_settings_ Settings settings;

        settings_init(&settings);
        int r = layers_read("", name, NULL, &layers, findings);
        return r < 0 ? r : layers_parse(&layers, &settings, NULL, findings);
}

/* "NAME" for NAME.machine.d/FILE.conf; NULL: it is no drop-in. */
static char *machine_of_drop_in(const char *path)
{
        static const char suffix[] = ".machine.d";
        const char *slash = strrchr(path, '/'), *begin = slash;
        size_t n = sizeof(suffix) - 1;

        while (begin && begin > path && begin[-1] != '/')
                begin--;
        if (!slash || (size_t)(slash - begin) <= n || strncmp(slash - n, suffix, n) != 0)
                return NULL;
        return strndup(begin, (size_t)(slash - begin) - n);
}

static bool is_path(const char *word)
{
        _cleanup_free_ char *name = definition_name(word);

        return strchr(word, '/') || name || access(word, F_OK) >= 0;
}

static int out_of_memory(const Ctl *c, const char *word)
{
        report_error("cannot %s '%s': out of memory", c->verb->action, word);
        return EXIT_FAILED;
}

static int verify_named(const Ctl *c, const char *word, const char *name, Findings *findings)
{
        int r = verify_machine(name, findings);

        if (r == -ENOENT) {
                report_error("cannot %s '%s': there is no file %s.machine in " LODGE_DEFINITIONS_ETC
                             ", " LODGE_DEFINITIONS_RUN " or " LODGE_DEFINITIONS_USR,
                             c->verb->action, word, name);
                return EXIT_NOT_FOUND;
        }
        return r < 0 ? out_of_memory(c, word) : EXIT_OK;
}

static int verify_word(const Ctl *c, const char *word, Findings *findings)
{
        _cleanup_free_ char *name = machine_of_drop_in(word), *text = NULL;
        size_t n;

        if (name || !is_path(word))
                return verify_named(c, word, name ?: word, findings);
        int status = definition_load(c, word, &text, &n);
        if (status != EXIT_OK)
                return status;
        return definition_check(word, text, n, NULL, findings) < 0 ? out_of_memory(c, word)
                                                                   : EXIT_OK;
}

static void append_json(json_t *all, const Findings *findings)
{
        for (size_t i = 0; i < findings->n; i++) {
                const Finding *f = &findings->list[i];
                json_t *one = json_pack("{ss?sIsIssssss?}", "Path", f->path, "Line",
                                        (json_int_t)f->line, "Column", (json_int_t)f->column,
                                        "Level", f->level == FINDING_ERROR ? "error" : "warning",
                                        "Message", f->message ?: "", "Hint", f->hint);

                (void)json_array_append_new(all, one);
        }
}

int verb_verify(Ctl *c)
{
        _cleanup_json_ json_t *all = json_array();
        int status = EXIT_OK;

        STRV_FOREACH (word, c->args.words) {
                _cleanup_findings_ Findings findings = {0};
                int s = verify_word(c, *word, &findings);

                if (s == EXIT_OK && findings_first_error(&findings))
                        s = EXIT_FAILED;
                if (c->json != JSON_OFF)
                        append_json(all, &findings);
                else if (!c->quiet)
                        definition_print_findings(stdout, &findings);
                if (s == EXIT_OK && findings.n == 0 && isatty(STDERR_FILENO))
                        report_note(c, "%s: nothing is wrong", *word);
                status = status == EXIT_OK ? s : status;
        }
        if (c->json != JSON_OFF)
                json_print(c, all);
        return status;
}
