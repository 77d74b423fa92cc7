/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/machines.h"
#include "ctl/verbs.h"

int verb_restart(Ctl *c)
{
        return machines_call(c, "Restart", machines_append_timeout);
}
