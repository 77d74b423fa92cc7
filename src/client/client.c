/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/client.h"

#include "base/names.h"
#include "base/text.h"

#include <string.h>

/* Errors that the bus or systemd give for lodged when it is not there to answer. */
static bool is_unreachable_error(const char *name)
{
        static const char *const names[] = {
                SD_BUS_ERROR_SERVICE_UNKNOWN,
                SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                SD_BUS_ERROR_NO_REPLY,
                SD_BUS_ERROR_NO_SERVER,
                SD_BUS_ERROR_DISCONNECTED,
                "org.freedesktop.DBus.Error.TimedOut", /* its unit did not come up in time */
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(name, names[i]))
                        return true;
        return strncmp(name, "org.freedesktop.DBus.Error.Spawn.", 33) == 0 ||
               strncmp(name, "org.freedesktop.systemd1.", 25) == 0;
}

static int unreachable(const sd_bus_error *error, Fault *reterr)
{
        if (!error || sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_DISCONNECTED))
                return fault_set(reterr, FAULT_FAILED, CLIENT_LOST,
                                 "lodged does not answer: it went away, or took too long");

        const char *detail = error->message ?: error->name;
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                detail = "it does not run, and the bus does not know how to start it";
        return fault_set(reterr, FAULT_FAILED, CLIENT_UNREACHABLE, "lodged does not answer: %s",
                         detail);
}

/* The bus writes into its refusals what the message looked like, which is of no use to users. */
static bool is_from_bus(const sd_bus_error *error)
{
        return !error->message || strncmp(error->message, "Rejected ", 9) == 0;
}

int client_fault(const sd_bus_error *error, int r, Fault *reterr)
{
        if (!error || !sd_bus_error_is_set(error)) {
                if (r == -ECONNRESET || r == -ENOTCONN || r == -ESHUTDOWN || r == -ETIMEDOUT)
                        return unreachable(NULL, reterr);
                return fault_set(reterr, FAULT_FAILED, r, "%s", strerror(-r));
        }
        if (strncmp(error->name, LODGE_ERROR_PREFIX, strlen(LODGE_ERROR_PREFIX)) == 0) {
                FaultCode code = fault_code_from_name(error->name + strlen(LODGE_ERROR_PREFIX));

                return fault_set(reterr, code, 0, "%s", error->message ?: "no reason was given");
        }
        if (is_unreachable_error(error->name))
                return unreachable(error, reterr);
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
                return fault_set(reterr, FAULT_NOT_AUTHORIZED, EACCES, "%s",
                                 is_from_bus(error) ? "the policy of the bus forbids it"
                                                    : error->message);
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED))
                return fault_set(
                        reterr, FAULT_NOT_AUTHORIZED, EACCES,
                        "it needs an administrator's password, which cannot be asked for here");
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_METHOD) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_INTERFACE))
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "the running lodged cannot do this; is it of another version?");
        return fault_set(reterr, FAULT_FAILED, sd_bus_error_get_errno(error), "%s",
                         error->message ?: error->name);
}

bool client_is_unreachable(const Fault *f)
{
        return f->error == CLIENT_UNREACHABLE || f->error == CLIENT_LOST;
}

bool client_is_lost(const Fault *f)
{
        return f->error == CLIENT_LOST;
}
