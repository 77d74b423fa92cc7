/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/client.h"

#include "base/names.h"
#include "base/text.h"

#include <string.h>

int client_call_new(const Client *c, const char *path, const char *interface, const char *method,
                    sd_bus_message **ret, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = client_renew(c, reterr);

        if (r < 0)
                return r;
        r = sd_bus_message_new_method_call(client_bus(c), &m, LODGE_BUS_NAME, path, interface,
                                           method);
        if (r >= 0)
                r = sd_bus_message_set_allow_interactive_authorization(m, c->interactive);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        *ret = TAKE_PTR(m);
        return 0;
}

int client_call(const Client *c, sd_bus_message *m, uint64_t timeout_usec,
                sd_bus_message **ret_reply, Fault *reterr)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_call(sd_bus_message_get_bus(m), m, timeout_usec, &error, ret_reply);

        return r < 0 ? client_fault(&error, r, reterr) : 0;
}

int client_append_option_string(sd_bus_message *m, const char *key, const char *value)
{
        return sd_bus_message_append(m, "{sv}", key, "s", value);
}

int client_append_option_bool(sd_bus_message *m, const char *key, bool value)
{
        return sd_bus_message_append(m, "{sv}", key, "b", value);
}

int client_append_option_fd(sd_bus_message *m, const char *key, int fd)
{
        return sd_bus_message_append(m, "{sv}", key, "h", fd);
}

int client_append_option_strv(sd_bus_message *m, const char *key, char *const *values)
{
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append(m, "s", key);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_append_strv(m, (char **)values);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int client_append_options(sd_bus_message *m, const char *const *pairs)
{
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        for (; r >= 0 && *pairs; pairs += 2)
                if (pairs[1])
                        r = client_append_option_string(m, pairs[0], pairs[1]);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int client_append_fds(sd_bus_message *m, const int fds[], unsigned n)
{
        int r = sd_bus_message_open_container(m, 'a', "{uh}");

        for (unsigned i = 0; r >= 0 && i < n; i++)
                if (fds[i] >= 0)
                        r = sd_bus_message_append(m, "{uh}", i, fds[i]);
        return r < 0 ? r : sd_bus_message_close_container(m);
}
