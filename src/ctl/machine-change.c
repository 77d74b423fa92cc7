/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/machine-change.h"

#include "base/text.h"
#include "ctl/report.h"

static int change(const Ctl *c, const char *method, const char *name, const char *value,
                  Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = client_machine_call_new(&c->client, method, name, &m, reterr);

        if (r >= 0)
                r = sd_bus_message_append(m, "s", value);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && args_has(&c->args, "persist"))
                r = client_append_option_bool(m, "Persist", true);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? client_fault(NULL, r, reterr)
                     : client_call(&c->client, m, CLIENT_FOREVER, NULL, reterr);
}

int machine_change(Ctl *c, const char *method, char *const *names, char *const *values)
{
        int status = EXIT_OK;

        STRV_FOREACH (name, names)
                STRV_FOREACH (value, values) {
                        _cleanup_fault_ Fault fault = {0};
                        int s = change(c, method, *name, *value, &fault) < 0
                                        ? report_fault(c, *name, &fault)
                                        : EXIT_OK;

                        if (status == EXIT_OK)
                                status = s;
                }
        return status;
}
