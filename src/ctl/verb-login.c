/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/inside.h"
#include "ctl/report.h"
#include "ctl/terminal.h"
#include "ctl/verbs.h"

int verb_login(Ctl *c)
{
        if (!terminal_is_both())
                return report_usage(c->verb, "a login prompt needs a terminal");
        return inside_on_terminal(c, c->args.words[0], "Login", NULL, NULL);
}
