/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mount and umount. */
#include "base/text.h"
#include "ctl/list.h"
#include "ctl/machine-change.h"
#include "ctl/report.h"
#include "ctl/settings-options.h"
#include "ctl/verbs.h"

static json_t *row_of(const char *machine, const json_t *mount)
{
        json_t *row = json_pack("{s:s}", "Machine", machine);

        (void)json_object_update(row, (json_t *)mount);
        return row;
}

static int list(Ctl *c)
{
        static const Column columns[] = {{"MACHINE", "Machine", NULL}, {"TYPE", "Type", NULL},
                                         {"SOURCE", "Source", NULL},   {"TARGET", "Target", NULL},
                                         {"OPTIONS", "Options", NULL}, {.heading = NULL}};

        return list_elements(c, "Mounts", row_of, columns);
}

static int mount_all(Ctl *c, char *const *words, char *const *name)
{
        int status = EXIT_OK;

        STRV_FOREACH (word, words) {
                _cleanup_fault_ Fault fault = {0};
                _cleanup_free_ char *line = NULL;
                int s;

                if (settings_mount_line(*word, &line, &fault) < 0)
                        s = report_fault(c, *word, &fault);
                else
                        s = machine_change(c, "AddMount", name, (char *const[]){line, NULL});
                if (status == EXIT_OK)
                        status = s;
        }
        return status;
}

int verb_mount(Ctl *c)
{
        char **words = c->args.words;

        if (strv_length(words) < 2)
                return list(c);
        return mount_all(c, words + 1, (char *const[]){words[0], NULL});
}

int verb_umount(Ctl *c)
{
        char **words = c->args.words;

        return machine_change(c, "RemoveMount", (char *const[]){words[0], NULL}, words + 1);
}
