/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/list.h"
#include "ctl/verbs.h"

int verb_volume_ls(Ctl *c)
{
        static const Column columns[] = {
                {"NAME", "Name", NULL},
                {"OWNER", "Owner", NULL},
                {"CREATED", "CreatedTimestamp", NULL},
                {"USED BY", "UsedBy", NULL},
                {.heading = NULL},
        };

        return list_objects(c, &kind_volume, columns, "lodgectl help volume create");
}
