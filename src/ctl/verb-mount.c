/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mount and umount. */
#include "base/text.h"
#include "ctl/columns.h"
#include "ctl/kinds.h"
#include "ctl/machine-change.h"
#include "ctl/report.h"
#include "ctl/settings-options.h"
#include "ctl/verbs.h"

static void append_mounts(json_t *rows, const json_t *machine)
{
        json_t *mount, *row;
        size_t i;

        json_array_foreach(json_object_get(machine, "Mounts"), i, mount)
        {
                row = json_pack("{s:s}", "Machine", kind_name_of(machine));
                (void)json_object_update(row, mount);
                json_array_append_new(rows, row);
        }
}

static int list(Ctl *c)
{
        static const Column columns[] = {{"MACHINE", "Machine", NULL}, {"TYPE", "Type", NULL},
                                         {"SOURCE", "Source", NULL},   {"TARGET", "Target", NULL},
                                         {"OPTIONS", "Options", NULL}, {.heading = NULL}};
        static const char *const properties[] = {"Name", "Mounts", NULL};
        _cleanup_json_ json_t *machines = NULL, *rows = json_array();
        json_t *machine;
        size_t i;

        int status = kind_list_selected(c, &kind_machine, properties, &machines);
        if (!machines)
                return status;
        json_array_foreach(machines, i, machine) append_mounts(rows, machine);
        int printed = columns_print(c, rows, columns);
        return status != EXIT_OK ? status : printed;
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
