/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* port ls, add and rm. */
#include "base/text.h"
#include "ctl/list.h"
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

int verb_port_ls(Ctl *c)
{
        static const Column columns[] = {{"MACHINE", "Machine", NULL},
                                         {"PUBLISHED", "Published", NULL},
                                         {"INSIDE", "Inside", NULL},
                                         {.heading = NULL}};

        return list_elements(c, "Ports", row_of, columns);
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
