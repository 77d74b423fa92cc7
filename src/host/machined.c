/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/machined.h"

#include "base/text.h"
#include "core/machine.h"
#include "core/manager.h"
#include "host/machined-entry.h"
#include "host/name-watch.h"

#include <glib.h>

#define CHECK_USEC (5 * UINT64_C(1000000)) /* a start waits for the answer */

struct Machined {
        sd_bus *bus;
        Manager *manager;
        NameWatch *watch;
        bool running;
        GHashTable *entries; /* name -> Entry: machines that run */
        GHashTable *checks;  /* name -> Check */
};

/* ---- is a name taken? ---- */

typedef struct Check {
        Machined *machined;
        char *name, *unit;
        sd_bus_slot *call;
} Check;

static void check_free(void *p)
{
        Check *c = p;

        sd_bus_slot_unref(c->call);
        g_free(c->name);
        g_free(c->unit);
        g_free(c);
}

static void check_finish(Check *c, const char *other)
{
        _cleanup_free_ char *name = g_strdup(c->name), *unit = g_strdup(other);
        Machined *d = c->machined;

        g_hash_table_remove(d->checks, name);
        registry_checked(d->manager, name, unit);
}

static int on_check_record(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        MachinedRecord record = {0};
        Check *c = userdata;

        /* an entry of an earlier run of the same unit is no obstacle: it is replaced */
        if (sd_bus_message_get_error(m) || machined_record_read(m, &record) < 0 ||
            streq(record.unit, c->unit))
                record.unit = NULL;
        check_finish(c, record.unit);
        return 0;
}

static int on_check_machine(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Check *c = userdata;

        if (sd_bus_message_get_error(m) || machined_record_get(m, &c->call, on_check_record, c) < 0)
                check_finish(c, NULL);
        return 0;
}

static int port_check(void *userdata, const Machine *m)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        Machined *d = userdata;
        Check *c;
        int r;

        r = sd_bus_message_new_method_call(d->bus, &call, MACHINED_NAME, MACHINED_PATH,
                                           MACHINED_MANAGER, "GetMachine");
        r = r < 0 ? r : sd_bus_message_append(call, "s", m->name);
        if (r < 0)
                return r;
        c = g_new0(Check, 1);
        *c = (Check){.machined = d, .name = g_strdup(m->name), .unit = g_strdup(m->unit)};
        r = sd_bus_call_async(d->bus, &c->call, call, on_check_machine, c, CHECK_USEC);
        if (r < 0) {
                check_free(c);
                return r;
        }
        g_hash_table_replace(d->checks, c->name, c);
        return 0;
}

/* ---- machines that run ---- */

static void port_enter(void *userdata, const Machine *m)
{
        Entry *e = entry_new(((Machined *)userdata)->bus, ((Machined *)userdata)->manager, m);
        Machined *d = userdata;

        g_hash_table_replace(d->entries, g_strdup(m->name), e);
        entry_check(e, d->running);
}

static void port_leave(void *userdata, const Machine *m)
{
        Machined *d = userdata;
        Entry *e = g_hash_table_lookup(d->entries, m->name);

        if (e)
                entry_remove(e);
        g_hash_table_remove(d->entries, m->name);
}

/* ---- machined itself ---- */

static void on_name(void *userdata, bool running)
{
        Machined *d = userdata;
        GHashTableIter i;
        void *p;

        d->running = running;
        if (!running)
                return;
        /* it has come, or come again: since 258 it forgets half of what it knew */
        g_hash_table_iter_init(&i, d->entries);
        while (g_hash_table_iter_next(&i, NULL, &p))
                entry_check(p, true);
}

int machined_new(sd_bus *bus, Manager *manager, Machined **ret)
{
        Machined *d = g_new0(Machined, 1);

        d->bus = sd_bus_ref(bus);
        d->manager = manager;
        d->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
        d->checks = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, check_free);
        int r = name_watch_new(bus, MACHINED_NAME, on_name, d, &d->watch);
        if (r < 0) {
                machined_free(d);
                return r;
        }
        *ret = d;
        return 0;
}

void machined_free(Machined *d)
{
        if (!d)
                return;
        g_hash_table_unref(d->entries);
        g_hash_table_unref(d->checks);
        name_watch_free(d->watch);
        sd_bus_unref(d->bus);
        g_free(d);
}

RegistryPort machined_port(Machined *d)
{
        return (RegistryPort){
                .userdata = d, .check = port_check, .enter = port_enter, .leave = port_leave};
}
