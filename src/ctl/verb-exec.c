/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/inside.h"
#include "ctl/terminal.h"
#include "ctl/verbs.h"

int verb_exec(Ctl *c)
{
        const char *machine = c->args.words[0], *user = args_value(&c->args, "user") ?: "";
        char *const *argv = c->args.words + 1;
        int terminal = args_flag(&c->args, "terminal");

        if (terminal > 0 || (terminal < 0 && terminal_is_both()))
                return inside_on_terminal(c, machine, "Shell", user, argv);
        return inside_on_streams(c, machine, user, false, argv);
}
