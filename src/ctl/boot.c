/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/boot.h"

#include "base/names.h"
#include "base/text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SYSTEMD_NAME      "org.freedesktop.systemd1"
#define SYSTEMD_PATH      "/org/freedesktop/systemd1"
#define SYSTEMD_INTERFACE "org.freedesktop.systemd1.Manager"

static int systemd_fault(const sd_bus_error *error, int r, Fault *reterr)
{
        if (error->name && strncmp(error->name, SYSTEMD_NAME, strlen(SYSTEMD_NAME)) == 0)
                return fault_set(reterr, FAULT_FAILED, -r, "systemd says: %s",
                                 error->message ?: error->name);
        return client_fault(error, r, reterr);
}

/* Systemd asks polkit itself: who may do so here is who may use "systemctl enable". */
static int call_systemd(sd_bus *bus, const Ctl *c, const char *method, const char *unit,
                        Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_message_new_method_call(bus, &m, SYSTEMD_NAME, SYSTEMD_PATH,
                                               SYSTEMD_INTERFACE, method);

        if (r >= 0)
                r = sd_bus_message_set_allow_interactive_authorization(m, c->client.interactive);
        if (r >= 0 && unit)
                r = sd_bus_message_append(m, "asb", 1, unit, false);
        if (r >= 0 && streq(method, "EnableUnitFiles"))
                r = sd_bus_message_append(m, "b", false);
        if (r >= 0)
                r = sd_bus_call(bus, m, CLIENT_FOREVER, &error, NULL);
        return r < 0 ? systemd_fault(&error, r, reterr) : 0;
}

int boot_set(const Ctl *c, const char *machine, bool enable, Fault *reterr)
{
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        char unit[sizeof(LODGE_UNIT_PREFIX LODGE_UNIT_SUFFIX) + NAME_MAX];
        int r = sd_bus_open_system(&bus);

        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, CLIENT_UNREACHABLE,
                                 "the system bus cannot be reached: %s", strerror(-r));
        (void)snprintf(unit, sizeof(unit), LODGE_UNIT_PREFIX "%s" LODGE_UNIT_SUFFIX, machine);
        r = call_systemd(bus, c, enable ? "EnableUnitFiles" : "DisableUnitFiles", unit, reterr);
        return r < 0 ? r : call_systemd(bus, c, "Reload", NULL, reterr);
}

bool boot_is_enabled(const char *machine)
{
        static const char *const targets[] = {"multi-user", "machines"}; /* of [Install] */

        for (size_t i = 0; i < ELEMENTSOF(targets); i++) {
                char path[PATH_MAX];
                struct stat st;

                (void)snprintf(path, sizeof(path),
                               "/etc/systemd/system/%s.target.wants/" LODGE_UNIT_PREFIX
                               "%s" LODGE_UNIT_SUFFIX,
                               targets[i], machine);
                if (lstat(path, &st) == 0)
                        return true;
        }
        return false;
}
