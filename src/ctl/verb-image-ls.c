/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/list.h"
#include "ctl/verbs.h"

int verb_image_ls(Ctl *c)
{
        static const Column columns[] = {
                {"NAME", "Name", NULL},      {"TYPE", "Type", NULL},
                {"SIZE", "Size", NULL},      {"CREATED", "CreatedTimestamp", "AddedTimestamp"},
                {"USED BY", "UsedBy", NULL}, {.heading = NULL},
        };

        return list_objects(c, &kind_image, columns,
                            "lodgectl pull docker.io/library/debian:stable");
}
