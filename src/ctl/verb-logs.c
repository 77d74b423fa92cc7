/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/json.h"
#include "ctl/kinds.h"
#include "ctl/output-lines.h"
#include "ctl/pager.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

static void print_lines(char *const *lines)
{
        STRV_FOREACH (line, lines) {
                print_clean(stdout, *line);
                (void)putchar('\n');
        }
}

/* { "NAME": [ "line", ... ], ... } */
static int add_to_json(json_t *all, const char *name, char *const *lines)
{
        json_t *array = json_array();

        STRV_FOREACH (line, lines)
                if (json_array_append_new(array, json_string(*line)) < 0) {
                        json_decref(array);
                        return -ENOMEM;
                }
        return json_object_set_new(all, name, array);
}

static int show_output(Ctl *c, const char *name, size_t max, json_t *all)
{
        _cleanup_strv_free_ char **lines = NULL;
        _cleanup_fault_ Fault fault = {0};

        if (output_lines_get(c, name, max, &lines, &fault) < 0)
                return report_fault(c, name, &fault);
        if (c->json != JSON_OFF)
                return add_to_json(all, name, lines) < 0 ? EXIT_FAILED : EXIT_OK;
        if (c->args.n_words > 1 && !c->no_legend)
                (void)printf("==> %s <==\n", name);
        print_lines(lines);
        return EXIT_OK;
}

int verb_logs(Ctl *c)
{
        _cleanup_json_ json_t *all = json_object();
        _cleanup_strv_free_ char **names = NULL;
        size_t max;
        int status = output_lines_max(c, SIZE_MAX, &max);

        if (status == EXIT_OK)
                status = kind_expand(c, &kind_machine, &names);
        if (c->json == JSON_OFF)
                pager_open(c);
        STRV_FOREACH (name, names) {
                int s = show_output(c, *name, max, all);

                if (status == EXIT_OK)
                        status = s;
        }
        if (c->json != JSON_OFF && names)
                json_print(c, all);
        pager_close();
        return status;
}
