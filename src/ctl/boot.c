/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/boot.h"

#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

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

static int open_bus(sd_bus **ret, Fault *reterr)
{
        int r = sd_bus_open_system(ret);

        return r < 0 ? fault_set(reterr, FAULT_FAILED, CLIENT_UNREACHABLE,
                                 "the system bus cannot be reached: %s", strerror(-r))
                     : 0;
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

int boot_read_again(const Ctl *c, Fault *reterr)
{
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        int r = open_bus(&bus, reterr);

        return r < 0 ? r : call_systemd(bus, c, "Reload", NULL, reterr);
}

int boot_set(const Ctl *c, const char *machine, bool enable, Fault *reterr)
{
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        char unit[sizeof(LODGE_UNIT_PREFIX LODGE_UNIT_SUFFIX) + NAME_MAX];
        int r = open_bus(&bus, reterr);

        if (r < 0)
                return r;
        (void)snprintf(unit, sizeof(unit), LODGE_UNIT_PREFIX "%s" LODGE_UNIT_SUFFIX, machine);
        r = call_systemd(bus, c, enable ? "EnableUnitFiles" : "DisableUnitFiles", unit, reterr);
        return r < 0 ? r : call_systemd(bus, c, "Reload", NULL, reterr);
}

bool boot_is_enabled(const char *machine)
{
        _cleanup_(globfree) glob_t found = {0};
        char pattern[PATH_MAX];

        if (!machine_name_is_valid(machine)) /* nor does it have what glob(3) expands */
                return false;
        (void)snprintf(pattern, sizeof(pattern),
                       "/etc/systemd/system/*.{wants,requires,upholds}/" LODGE_UNIT_PREFIX
                       "%s" LODGE_UNIT_SUFFIX,
                       machine);
        return glob(pattern, GLOB_BRACE | GLOB_NOSORT, NULL, &found) == 0;
}
