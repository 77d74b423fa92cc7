/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/kinds.h"
#include "ctl/verbs.h"

int verb_pause(Ctl *c)
{
        return kind_call(c, &kind_machine, "Pause", NULL);
}

int verb_resume(Ctl *c)
{
        return kind_call(c, &kind_machine, "Resume", NULL);
}
