/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cat: the files that define machines, as they are. */
#include "base/text.h"
#include "ctl/definition.h"
#include "ctl/kinds.h"
#include "ctl/pager.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

#include <string.h>

/* A terminal obeys what a file must not tell it; who reads a pipe wants the file. */
static void print_text(const char *text)
{
        if (!isatty(STDOUT_FILENO) && !pager_is_open()) {
                (void)fputs(text, stdout);
                return;
        }
        while (*text) {
                size_t n = strcspn(text, "\t\n");
                _cleanup_free_ char *part = strndup(text, n);

                print_clean(stdout, part ?: "");
                text += n;
                if (*text)
                        (void)putchar(*text++);
        }
}

static void print_file(const json_t *file, bool first)
{
        const char *path = json_string_value(json_object_get(file, "Path")) ?: "",
                   *text = json_string_value(json_object_get(file, "Text")) ?: "";
        size_t n = strlen(text);

        (void)printf("%s%s# ", first ? "" : "\n", style_on(STYLE_DIM));
        print_clean(stdout, path);
        (void)printf("%s\n", style_off());
        print_text(text);
        if (n > 0 && text[n - 1] != '\n')
                (void)putchar('\n');
}

static int cat(Ctl *c, const char *name, json_t *all, bool *first)
{
        _cleanup_json_ json_t *files = NULL;
        _cleanup_free_ char *text = NULL;
        _cleanup_fault_ Fault fault = {0};
        json_t *file;
        size_t i;

        if (definition_get(c, name, &text, &files, &fault) < 0)
                return report_fault(c, name, &fault);
        if (c->json != JSON_OFF) {
                (void)json_array_append_new(
                        all, json_pack("{sssssO}", "Name", name, "Text", text, "Files", files));
                return EXIT_OK;
        }
        json_array_foreach(files, i, file)
        {
                print_file(file, *first);
                *first = false;
        }
        return EXIT_OK;
}

int verb_cat(Ctl *c)
{
        _cleanup_json_ json_t *all = json_array();
        _cleanup_strv_free_ char **names = NULL;
        int status = kind_expand(c, &kind_machine, &names);
        bool first = true;

        if (c->json == JSON_OFF)
                pager_open(c);
        STRV_FOREACH (name, names) {
                int s = cat(c, *name, all, &first);

                status = status == EXIT_OK ? s : status;
        }
        pager_close();
        if (c->json != JSON_OFF)
                json_print(c, all);
        return status;
}
