/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/screens.h"

#include "base/text.h"
#include "ctl/pager.h"
#include "ctl/report.h"

static int get_all(Ctl *c, const Kind *kind, char *const *names, json_t *objects)
{
        int status = EXIT_OK;

        STRV_FOREACH (name, names) {
                _cleanup_fault_ Fault fault = {0};
                json_t *one = NULL;
                int s = kind_get(c, kind, *name, &one, &fault) < 0 ? report_fault(c, *name, &fault)
                                                                   : EXIT_OK;

                if (s == EXIT_OK)
                        (void)json_array_append_new(objects, one);
                else if (status == EXIT_OK)
                        status = s;
        }
        return status;
}

int screens_print(Ctl *c, const Kind *kind, void (*print)(const Ctl *c, const json_t *object))
{
        _cleanup_json_ json_t *objects = json_array();
        _cleanup_strv_free_ char **names = NULL;
        int missing = kind_expand(c, kind, &names);
        int status = get_all(c, kind, names, objects);
        json_t *object;
        size_t i;

        status = missing != EXIT_OK ? missing : status;
        if (c->json != JSON_OFF) {
                json_print(c, objects);
                return status;
        }
        pager_open(c);
        json_array_foreach(objects, i, object)
        {
                if (i > 0)
                        (void)putchar('\n');
                print(c, object);
        }
        pager_close();
        return status;
}
