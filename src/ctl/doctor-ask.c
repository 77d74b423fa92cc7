/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/names.h"
#include "ctl/doctor.h"

#define AS_ROOT "sudo lodgectl doctor"

static int call(const Client *client, const char *method, const char *option, sd_bus_message **ret,
                Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = client_call_new(client, LODGE_OBJECT_PATH, LODGE_MANAGER_INTERFACE, method, &m,
                                reterr);

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && option)
                r = client_append_option_bool(m, option, true);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? client_fault(NULL, r, reterr)
                     : client_call(client, m, option ? CLIENT_FOREVER : 0, ret, reterr);
}

int doctor_ask(const Ctl *c, json_t *findings, const char *method, const char *option,
               const char *check, sd_bus_message **ret)
{
        _cleanup_client_ Client client = {0};
        _cleanup_fault_ Fault fault = {0};
        int r = client_open(!c->no_ask_password && geteuid() == 0, &client, &fault);

        r = r < 0 ? r : call(&client, method, option, ret, &fault);
        if (r >= 0)
                return 0;
        if (fault.code == FAULT_NOT_AUTHORIZED)
                doctor_say(findings, FINDING_SKIPPED, check, AS_ROOT,
                           "only an administrator may have it checked");
        else if (client_is_unreachable(&fault))
                doctor_say(findings, FINDING_SKIPPED, check, NULL, "%s", fault.message);
        else
                doctor_say(findings, FINDING_PROBLEM, check, NULL, "it cannot be checked: %s",
                           fault.message ?: "out of memory");
        return r;
}
