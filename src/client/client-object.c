/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/client-object.h"

#include "base/names.h"

int client_object_call_new(const Client *c, const char *verb, const char *noun, const char *name,
                           sd_bus_message **ret, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *method = NULL;

        if (asprintf(&method, "%s%s", verb, noun) < 0) {
                method = NULL;
                return -ENOMEM;
        }
        int r = client_call_new(c, LODGE_OBJECT_PATH, LODGE_MANAGER_INTERFACE, method, &m, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", name);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        *ret = TAKE_PTR(m);
        return 0;
}

int client_machine_call_new(const Client *c, const char *verb, const char *machine,
                            sd_bus_message **ret, Fault *reterr)
{
        return client_object_call_new(c, verb, "Machine", machine, ret, reterr);
}

int client_ask_objects(const Client *c, const char *noun, const char *const *properties,
                       sd_bus_message **ret_reply, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *method = NULL;

        if (asprintf(&method, "List%ss", noun) < 0) {
                method = NULL;
                return -ENOMEM;
        }
        int r = client_call_new(c, LODGE_OBJECT_PATH, LODGE_MANAGER_INTERFACE, method, &m, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_append_strv(m, (char **)properties);
        return r < 0 ? client_fault(NULL, r, reterr) : client_call(c, m, 0, ret_reply, reterr);
}

int client_object_get_properties(const Client *c, const char *noun, const char *interface,
                                 const char *name, sd_bus_message **ret_reply, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *ask = NULL, *get = NULL, *answer = NULL;
        const char *path;

        /* The path could be made from the name, but Get...() fails with a sentence. */
        int r = client_object_call_new(c, "Get", noun, name, &ask, reterr);
        if (r >= 0)
                r = client_call(c, ask, 0, &answer, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_read(answer, "o", &path);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        r = client_call_new(c, path, "org.freedesktop.DBus.Properties", "GetAll", &get, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_append(get, "s", interface);
        return r < 0 ? client_fault(NULL, r, reterr) : client_call(c, get, 0, ret_reply, reterr);
}
