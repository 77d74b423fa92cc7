/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/machines.h"
#include "ctl/verbs.h"

static int append_force(const Ctl *c, sd_bus_message *m)
{
        if (!args_has(&c->args, "force"))
                return machines_append_no_options(c, m);
        return sd_bus_message_append(m, "a{sv}", 1, "Force", "b", true);
}

int verb_rm(Ctl *c)
{
        return machines_call(c, "Remove", append_force);
}
