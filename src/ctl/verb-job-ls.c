/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/list.h"
#include "ctl/verbs.h"

int verb_job_ls(Ctl *c)
{
        static const Column columns[] = {
                {"ID", "ID", NULL},
                {"OPERATION", "Operation", NULL},
                {"OBJECT", "Object", NULL},
                {"STATE", "State", NULL},
                {"PROGRESS", "Progress", NULL},
                {"PHASE", "Phase", NULL},
                {"STARTED", "StartedTimestamp", NULL},
                {.heading = NULL},
        };

        return list_objects(c, &kind_job, columns, NULL);
}
