/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/create.h"

#include "base/names.h"

int create_machine(const Ctl *c, const char *name, const char *image, const SettingsExtra *extra,
                   Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = client_call_new(&c->client, LODGE_OBJECT_PATH, LODGE_MANAGER_INTERFACE,
                                "CreateMachine", &m, reterr);

        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", name, image);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        r = settings_append(c, m, extra, reterr);
        return r < 0 ? r : client_call(&c->client, m, CLIENT_FOREVER, NULL, reterr);
}
