/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lodged's core and bus face over fake ports, for tests/bus/check: needs neither root nor systemd.
 *   fake-lodged ROOT     on the bus of $DBUS_SYSTEM_BUS_ADDRESS, with its files below ROOT
 * Beside /org/lodge1 there is the object /test, with which the test plays the rest of the host. */
#include "base/names.h"
#include "base/text.h"
#include "bus/bus.h"
#include "bus/fake-shim.h"
#include "core/manager.h"

#include <signal.h>
#include <string.h>

static int method_start(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *unit;
        int r = sd_bus_message_read(m, "s", &unit);

        if (r < 0)
                return r;
        fake_unit_start(userdata, unit);
        return sd_bus_reply_method_return(m, NULL);
}

static int method_stop(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *unit;
        int r = sd_bus_message_read(m, "s", &unit);

        if (r < 0)
                return r;
        fake_unit_stop(userdata, unit);
        return sd_bus_reply_method_return(m, NULL);
}

static int method_visit(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *unit, *name;
        int r = sd_bus_message_read(m, "ss", &unit, &name);

        if (r < 0)
                return r;
        fake_unit_visit(userdata, unit, name);
        return sd_bus_reply_method_return(m, NULL);
}

static int method_status(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *unit, *text;
        uint32_t n;
        int r = sd_bus_message_read(m, "ssu", &unit, &text, &n);

        if (r < 0)
                return r;
        fake_set_status(userdata, unit, text, n);
        return sd_bus_reply_method_return(m, NULL);
}

static int method_counters(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        uint32_t sweeps, resets, requests;

        fake_counters(userdata, &sweeps, &resets, &requests);
        return sd_bus_reply_method_return(m, "uuu", sweeps, resets, requests);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("StartUnit", "s", "", method_start, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("StopUnit", "s", "", method_stop, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Visit", "ss", "", method_visit, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("SetStatus", "ssu", "", method_status, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Counters", "", "uuu", method_counters, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static void on_adopted(void *userdata)
{
        if (sd_bus_request_name(userdata, LODGE_BUS_NAME, 0) < 0)
                exit(EXIT_FAILURE);
}

static int run(const char *root)
{
        sd_event *event;
        sd_bus *connection;
        Bus *bus;
        sigset_t set;
        int r = sd_event_default(&event);

        (void)signal(SIGPIPE, SIG_IGN);
        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGTERM);
        (void)sigprocmask(SIG_BLOCK, &set, NULL);
        r = r < 0 ? r : sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
        r = r < 0 ? r : sd_bus_open_system(&connection);
        r = r < 0 ? r : sd_bus_attach_event(connection, event, 0);
        if (r < 0)
                return r;
        FakeHost *host = fake_host_new(event);
        UnitPort units = fake_host_units(host);
        WorkPort work = fake_host_work(host);
        Manager *manager = manager_new(event, root, &units, &work);

        fake_host_set_manager(host, manager);
        manager_load(manager);
        r = bus_new(connection, manager, "test", &bus);
        r = r < 0 ? r
                  : sd_bus_add_object_vtable(connection, NULL, "/test", "org.lodge1.Test", vtable,
                                             host);
        if (r < 0)
                return r;
        manager_adopt(manager, on_adopted, connection);
        r = sd_event_loop(event);
        bus_free(bus);
        manager_free(manager);
        fake_host_free(host);
        sd_bus_flush_close_unref(connection);
        sd_event_unref(event);
        return r;
}

int main(int argc, char *argv[])
{
        if (argc != 2)
                return 2;
        int r = run(argv[1]);
        if (r < 0)
                (void)fprintf(stderr, "fake-lodged: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
