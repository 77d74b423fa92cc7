/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/kinds.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#include <signal.h>

static int append_whom_and_signal(const Ctl *c, sd_bus_message *m)
{
        const char *s = args_value(&c->args, "signal"), *whom = args_value(&c->args, "kill-whom");

        return sd_bus_message_append(m, "sia{sv}", whom ?: "leader", s ? parse_signal(s) : SIGTERM,
                                     0);
}

int verb_kill(Ctl *c)
{
        const char *s = args_value(&c->args, "signal"), *whom = args_value(&c->args, "kill-whom");

        if (s && parse_signal(s) < 0)
                return report_usage(c->verb, "there is no signal '%s'", s);
        if (whom && !streq(whom, "leader") && !streq(whom, "all"))
                return report_usage(c->verb, "--kill-whom wants leader or all, not '%s'", whom);
        return kind_call(c, &kind_machine, "Kill", append_whom_and_signal);
}
