/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* port ls, add and rm. */
#include "base/text.h"
#include "ctl/columns.h"
#include "ctl/kinds.h"
#include "ctl/machine-change.h"
#include "ctl/network-text.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

/* One port, or a range, with all that the table and programs want to know. */
static json_t *row_of(const char *machine, const json_t *port)
{
        char host[PORT_TEXT_MAX], guest[PORT_TEXT_MAX];
        ClientPort p = port_from_json(port);
        json_t *row = json_pack("{s:s, s:s, s:s}", "Machine", machine, "Published",
                                port_host_text(&p, host), "Inside", port_guest_text(&p, guest));

        (void)json_object_update(row, (json_t *)port);
        return row;
}

static void append_ports(json_t *rows, const json_t *machine)
{
        json_t *port;
        size_t i;

        json_array_foreach(json_object_get(machine, "Ports"), i, port)(void)
                json_array_append_new(rows, row_of(kind_name_of(machine), port));
}

int verb_port_ls(Ctl *c)
{
        static const Column columns[] = {{"MACHINE", "Machine", NULL},
                                         {"PUBLISHED", "Published", NULL},
                                         {"INSIDE", "Inside", NULL},
                                         {.heading = NULL}};
        static const char *const properties[] = {"Name", "Ports", NULL};
        _cleanup_json_ json_t *machines = NULL, *rows = json_array();
        json_t *machine;
        size_t i;

        int status = kind_list_selected(c, &kind_machine, properties, &machines);
        if (!machines)
                return status;
        json_array_foreach(machines, i, machine) append_ports(rows, machine);
        int printed = columns_print(c, rows, columns);
        return status != EXIT_OK ? status : printed;
}

static int change_ports(Ctl *c, const char *method)
{
        char *const name[] = {c->args.words[0], NULL};

        return machine_change(c, method, name, c->args.words + 1);
}

int verb_port_add(Ctl *c)
{
        return change_ports(c, "AddPort");
}

int verb_port_rm(Ctl *c)
{
        return change_ports(c, "RemovePort");
}
