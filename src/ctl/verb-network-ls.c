/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/list.h"
#include "ctl/verbs.h"

int verb_network_ls(Ctl *c)
{
        static const Column columns[] = {
                {"NAME", "Name", NULL},         {"STATE", "State", NULL},
                {"SUBNETS", "Subnets", NULL},   {"BRIDGE", "Bridge", NULL},
                {"MACHINES", "Machines", NULL}, {.heading = NULL},
        };

        return list_objects(c, &kind_network, columns, NULL);
}
