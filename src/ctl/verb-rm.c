/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/boot.h"
#include "ctl/machines.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

static bool is_gone(const Ctl *c, const char *name)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_fault_ Fault fault = {0};

        return client_machine_get_properties(&c->client, name, &m, &fault) < 0 &&
               fault.code == FAULT_NO_SUCH_MACHINE;
}

/* A link that stayed would make every boot try to start what is gone. */
static int drop_link(Ctl *c, const char *name)
{
        _cleanup_fault_ Fault fault = {0};

        if (!boot_is_enabled(name) || !is_gone(c, name) || boot_set(c, name, false, &fault) >= 0)
                return EXIT_OK;
        report_error("'%s' is removed, but systemd still has it in the list of what to start at "
                     "boot: %s",
                     name, fault.message ?: "out of memory");
        report_hint("%slodgectl disable %s", geteuid() == 0 ? "" : "sudo ", name);
        return exit_status_of(c->verb, &fault);
}

int verb_rm(Ctl *c)
{
        _cleanup_strv_free_ char **names = NULL;
        int missing = kind_expand(c, &kind_machine, &names);
        int status =
                names ? kind_call_names(c, &kind_machine, "Remove", append_force, names) : EXIT_OK;

        STRV_FOREACH (name, names) {
                int s = drop_link(c, *name);

                if (status == EXIT_OK)
                        status = s;
        }
        return status != EXIT_OK ? status : missing;
}
