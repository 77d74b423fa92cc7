/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/machined-entry.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/registry.h"
#include "host/machined-varlink.h"

#include <glib.h>
#include <string.h>

#define RETRIES    5
#define RETRY_USEC (100 * UINT64_C(1000))
#define SYSTEMD    "org.freedesktop.systemd1"

struct Entry {
        sd_bus *bus;
        Manager *manager;
        char *name, *unit;
        uint8_t id[16];
        uint32_t leader;
        int ifindexes[NETWORK_LINKS_MAX]; /* machined shows them */
        size_t n_ifindexes;
        bool owns_unit; /* it is listed, and machined takes our unit for a part of it */
        bool verifying; /* it was registered just now */
        bool busy;      /* the steps are under way; one of the next four is awaited */
        sd_bus_slot *call;
        sd_event_source *timer;
        VarlinkCall *varlink;
        Entry **connecting; /* what the shim's answer finds us by; emptied when we go */
        unsigned n_retries;
};

static void ask_name(Entry *e);

/* ---- what machined says ---- */

static int read_property(sd_bus_message *m, const char *name, MachinedRecord *r)
{
        if (streq(name, "Unit"))
                return sd_bus_message_read(m, "v", "s", &r->unit);
        if (streq(name, "Leader"))
                return sd_bus_message_read(m, "v", "u", &r->leader);
        if (!streq(name, "Subgroup"))
                return sd_bus_message_skip(m, "v");
        r->has_subgroup = true;
        return sd_bus_message_read(m, "v", "s", &r->subgroup);
}

int machined_record_read(sd_bus_message *m, MachinedRecord *ret)
{
        MachinedRecord record = {0};
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *name;

                r = sd_bus_message_read(m, "s", &name);
                r = r < 0 ? r : read_property(m, name, &record);
                r = r < 0 ? r : sd_bus_message_exit_container(m);
        }
        if (r < 0 || !record.unit)
                return r < 0 ? r : -EBADMSG;
        *ret = record;
        return 0;
}

int machined_record_get(sd_bus_message *machine, sd_bus_slot **slot, sd_bus_message_handler_t fn,
                        void *userdata)
{
        const char *path;
        int r = sd_bus_message_read(machine, "o", &path);

        if (r < 0)
                return r;
        *slot = sd_bus_slot_unref(*slot);
        return sd_bus_call_method_async(sd_bus_message_get_bus(machine), slot, MACHINED_NAME, path,
                                        "org.freedesktop.DBus.Properties", "GetAll", fn, userdata,
                                        "s", MACHINED_INTERFACE);
}

/* ---- the end of the steps ---- */

static void finish(Entry *e)
{
        e->call = sd_bus_slot_unref(e->call);
        e->timer = sd_event_source_disable_unref(e->timer);
        e->varlink = varlink_free(e->varlink);
        if (e->connecting)
                *e->connecting = NULL;
        e->connecting = NULL;
        e->busy = e->verifying = false;
        e->n_retries = 0;
}

/* Whatever the reason: the machine itself is none the worse for it. */
static void give_up(Entry *e, const char *why)
{
        _cleanup_free_ char *shown = text_for_display(why, 512);
        _cleanup_free_ char *text = g_strdup_printf(
                "Cannot register machine '%s' with systemd-machined: %s, ignoring", e->name, shown);

        finish(e);
        manager_warn(e->manager, e->name, text);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        Entry *e = userdata;

        e->timer = sd_event_source_disable_unref(e->timer);
        ask_name(e);
        return 0;
}

/* machined forgets what was removed, and is restarted, in its own time. */
static void retry(Entry *e, const char *why)
{
        int r = e->n_retries++ < RETRIES
                        ? sd_event_add_time_relative(e->manager->event, &e->timer, CLOCK_MONOTONIC,
                                                     RETRY_USEC, 0, on_retry, e)
                        : -ETIMEDOUT;

        if (r < 0)
                give_up(e, why);
}

static void fail(Entry *e, const sd_bus_error *error)
{
        if (sd_bus_error_has_names(error, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_DISCONNECTED,
                                   SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                retry(e, "it has gone");
        else
                give_up(e, error->message ?: error->name);
}

/* ---- the steps, the last one first ---- */

static void on_registered_varlink(void *userdata, const char *error)
{
        Entry *e = userdata;
        _cleanup_free_ char *copy = g_strdup(error);

        e->varlink = varlink_free(e->varlink);
        e->verifying = !copy;
        if (copy)
                retry(e, copy);
        else
                ask_name(e); /* is it a machined that takes the unit, or one that does not? */
}

static void on_connected(void *userdata, int fd, const Fault *fault)
{
        Entry **found = userdata, *e = *found;

        g_free(found);
        if (!e) {
                (void)close_fd(fd);
                return;
        }
        e->connecting = NULL;
        if (fault) {
                give_up(e, fault->message);
                return;
        }
        const VarlinkMachine machine = {e->name, e->id, e->leader, e->ifindexes, e->n_ifindexes};
        int r = varlink_register(e->manager->event, fd, &machine, on_registered_varlink, e,
                                 &e->varlink);
        if (r < 0)
                give_up(e, strerror(-r));
}

static void register_varlink(Entry *e)
{
        _cleanup_fault_ Fault f = {0};

        e->connecting = g_new(Entry *, 1);
        *e->connecting = e;
        if (registry_connect(e->manager, e->name, on_connected, e->connecting, &f) >= 0)
                return;
        g_free(e->connecting);
        e->connecting = NULL;
        give_up(e, f.message);
}

static int on_registered(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const sd_bus_error *error = sd_bus_message_get_error(m);
        Entry *e = userdata;

        e->owns_unit = !error;
        if (!error)
                finish(e);
        else if (sd_bus_error_has_name(error, "org.freedesktop.machine1.MachineExists"))
                retry(e, error->message);
        else
                fail(e, error);
        return 0;
}

static int call_register(Entry *e)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_call(e->bus, &m, MACHINED_NAME, MACHINED_PATH,
                                               MACHINED_MANAGER, "RegisterMachineWithNetwork");

        r = r < 0 ? r : sd_bus_message_append(m, "s", e->name);
        r = r < 0 ? r : sd_bus_message_append_array(m, 'y', e->id, sizeof(e->id));
        /* no root directory: none on the host has the machine's files */
        r = r < 0 ? r
                  : sd_bus_message_append(m, "ssus", MACHINED_SERVICE, "container", e->leader, "");
        r = r < 0 ? r
                  : sd_bus_message_append_array(m, 'i', e->ifindexes,
                                                e->n_ifindexes * sizeof(*e->ifindexes));
        e->call = sd_bus_slot_unref(e->call);
        return r < 0 ? r : sd_bus_call_async(e->bus, &e->call, m, on_registered, e, 0);
}

/* machined runs, and knows neither the name nor the process. */
static int on_pid(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const sd_bus_error *error = sd_bus_message_get_error(m);
        Entry *e = userdata;
        int r;

        if (!error) {
                retry(e, "it takes the machine's PID 1 for a part of another machine");
        } else if (!sd_bus_error_has_name(error, MACHINED_NO_PID)) {
                fail(e, error);
        } else if (access(LODGE_MACHINED_SOCKET, F_OK) >= 0) {
                register_varlink(e);
        } else {
                r = call_register(e);
                if (r < 0)
                        give_up(e, strerror(-r));
        }
        return 0;
}

static void call(Entry *e, const char *method, sd_bus_message_handler_t fn, const char *name,
                 uint32_t pid)
{
        e->call = sd_bus_slot_unref(e->call);
        int r = name ? sd_bus_call_method_async(e->bus, &e->call, MACHINED_NAME, MACHINED_PATH,
                                                MACHINED_MANAGER, method, fn, e, "s", name)
                     : sd_bus_call_method_async(e->bus, &e->call, MACHINED_NAME, MACHINED_PATH,
                                                MACHINED_MANAGER, method, fn, e, "u", pid);
        if (r < 0)
                give_up(e, strerror(-r));
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const sd_bus_error *error = sd_bus_message_get_error(m);
        Entry *e = userdata;

        if (error && !sd_bus_error_has_name(error, MACHINED_NO_NAME))
                fail(e, error);
        else
                call(e, "GetMachineByPID", on_pid, NULL, e->leader);
        return 0;
}

/* There is an entry of this name: as it should be, or of an earlier PID 1 of ours, or another's. */
static int on_record(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        MachinedRecord record;
        Entry *e = userdata;

        if (sd_bus_message_get_error(m) || machined_record_read(m, &record) < 0)
                retry(e, "it cannot tell of a machine of that name");
        else if (!streq(record.unit, e->unit))
                give_up(e, "it has another machine of that name");
        /* a machined since 258 that was restarted has forgotten the cgroup below the unit, and
         * would stop the unit when the machine reboots */
        else if (record.leader == e->leader &&
                 (e->verifying || !record.has_subgroup || record.subgroup[0])) {
                e->owns_unit = !record.has_subgroup;
                finish(e);
        } else
                call(e, "UnregisterMachine", on_removed, e->name, 0);
        return 0;
}

static int on_machine(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const sd_bus_error *error = sd_bus_message_get_error(m);
        Entry *e = userdata;

        if (!error) {
                int r = machined_record_get(m, &e->call, on_record, e);
                if (r < 0)
                        give_up(e, strerror(-r));
        } else if (sd_bus_error_has_name(error, MACHINED_NO_NAME)) {
                call(e, "GetMachineByPID", on_pid, NULL, e->leader);
        } else {
                fail(e, error);
        }
        return 0;
}

static void ask_name(Entry *e)
{
        call(e, "GetMachine", on_machine, e->name, 0);
}

/* Calling it would start machined: not if that is forbidden, which the bus would log as an error.
 * Should it come up by itself, we are called again. */
static int on_unit_file(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const char *state = NULL;
        Entry *e = userdata;

        if (sd_bus_message_get_error(m) || sd_bus_message_read(m, "s", &state) < 0 ||
            g_str_has_prefix(state, "masked"))
                finish(e);
        else
                ask_name(e);
        return 0;
}

static int on_ignored(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        return 0;
}

void entry_remove(Entry *e)
{
        if (e->owns_unit)
                (void)sd_bus_call_method_async(e->bus, NULL, MACHINED_NAME, MACHINED_PATH,
                                               MACHINED_MANAGER, "UnregisterMachine", on_ignored,
                                               NULL, "s", e->name);
}

void entry_check(Entry *e, bool running)
{
        if (e->busy)
                return;
        e->busy = true;
        if (running) {
                ask_name(e);
                return;
        }
        int r = sd_bus_call_method_async(e->bus, &e->call, SYSTEMD, "/org/freedesktop/systemd1",
                                         SYSTEMD ".Manager", "GetUnitFileState", on_unit_file, e,
                                         "s", LODGE_MACHINED_UNIT);
        if (r < 0)
                give_up(e, strerror(-r));
}

Entry *entry_new(sd_bus *bus, Manager *manager, const Machine *m)
{
        Entry *e = g_new0(Entry, 1);

        *e = (Entry){
                .bus = sd_bus_ref(bus),
                .manager = manager,
                .name = g_strdup(m->name),
                .unit = g_strdup(m->unit),
                .leader = m->leader,
        };
        machine_id(m, e->id);
        e->n_ifindexes = m->n_ifindexes;
        memcpy(e->ifindexes, m->ifindexes, sizeof(e->ifindexes));
        return e;
}

void entry_free(void *p)
{
        Entry *e = p;

        finish(e);
        sd_bus_unref(e->bus);
        g_free(e->name);
        g_free(e->unit);
        g_free(e);
}
