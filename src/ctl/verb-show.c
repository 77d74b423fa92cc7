/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/show.h"
#include "ctl/verbs.h"

int verb_show(Ctl *c)
{
        if (args_has(&c->args, "effective"))
                return show_effective(c);
        return show_objects(c, &kind_machine);
}
