/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/names.h"
#include "ctl/columns.h"
#include "ctl/images.h"
#include "ctl/pager.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

static int print_table(const Ctl *c, const Images *images)
{
        static const char *const headings[] = {"NAME", "PATH", NULL};
        _cleanup_table_ Table t = {.headings = headings};

        for (size_t i = 0; i < images->n; i++)
                if (table_add(&t, STYLE_NONE, images->items[i].name) < 0 ||
                    table_add(&t, STYLE_NONE, images->items[i].path) < 0)
                        return EXIT_FAILED;
        pager_open(c);
        table_print(c, &t);
        pager_close();
        return EXIT_OK;
}

static const Column columns[] = {{"NAME", "Name", NULL}, {"PATH", "Path", NULL}, {.heading = NULL}};

static int print_properties(const Ctl *c, const Images *images)
{
        _cleanup_json_ json_t *array = json_array();

        for (size_t i = 0; i < images->n; i++) {
                json_t *image = json_pack("{ssss}", "Name", images->items[i].name, "Path",
                                          images->items[i].path);

                if (!image || json_array_append_new(array, image) < 0)
                        return EXIT_FAILED;
        }
        return columns_print(c, array, columns);
}

int verb_images(Ctl *c)
{
        _cleanup_images_ Images images = {0};
        _cleanup_fault_ Fault fault = {0};

        if (images_get(c, &images, &fault) < 0)
                return report_fault(c, NULL, &fault);
        if (!columns_are_plain(c) && !(c->quiet && c->json == JSON_OFF))
                return print_properties(c, &images);
        if (c->quiet) {
                for (size_t i = 0; i < images.n; i++)
                        (void)puts(images.items[i].name);
                return EXIT_OK;
        }
        if (images.n > 0)
                return print_table(c, &images);
        if (!c->no_legend && isatty(STDERR_FILENO)) {
                report_note(c, "There are no images.");
                report_note(c,
                            "Put a directory tree into %s, or start one as it is with: lodgectl "
                            "run -D DIRECTORY",
                            LODGE_STORE_IMAGES);
        }
        return EXIT_OK;
}
