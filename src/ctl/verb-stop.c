/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/kinds.h"
#include "ctl/verbs.h"

int verb_stop(Ctl *c)
{
        return kind_call(c, &kind_machine, "Stop", append_timeout);
}
