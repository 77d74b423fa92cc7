/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/bus.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "bus/bus-internal.h"
#include "bus/call.h"
#include "bus/objects.h"
#include "bus/properties.h"

#include <malloc.h>
#include <string.h>

#define TRIM_USEC     3000000ULL
#define TRIM_MESSAGES 500

char *bus_process_path(const Process *p)
{
        _cleanup_free_ char *machine = NULL;
        char *path;

        if (sd_bus_path_encode(LODGE_PROCESS_PATH, p->machine, &machine) < 0)
                return NULL;
        return asprintf(&path, "%s/%llu", machine, (unsigned long long)p->id) < 0 ? NULL : path;
}

Process *bus_path_process(Bus *b, const char *path)
{
        _cleanup_free_ char *parent = strdup(path), *name = NULL;
        char *slash = parent ? strrchr(parent, '/') : NULL;
        uint64_t id;

        if (!slash || parse_u64(slash + 1, UINT64_MAX, &id) < 0)
                return NULL;
        *slash = '\0';
        if (sd_bus_path_decode(parent, LODGE_PROCESS_PATH, &name) <= 0 || !name)
                return NULL;
        return manager_find_process(b->manager, name, id);
}

static int find_process(sd_bus *bus, const char *path, const char *interface, void *userdata,
                        void **ret_found, sd_bus_error *error)
{
        Bus *b = userdata;

        b->found = (Target){.bus = b, .object = bus_path_process(b, path)};
        *ret_found = &b->found;
        return b->found.object != NULL;
}

static int list_processes(sd_bus *bus, const char *prefix, void *userdata, char ***ret,
                          sd_bus_error *error)
{
        Bus *b = userdata;
        _cleanup_strv_free_ char **paths =
                calloc(g_hash_table_size(b->manager->processes) + 1, sizeof(char *));
        GHashTableIter i;
        gpointer process;
        size_t n = 0;

        if (!paths)
                return -ENOMEM;
        g_hash_table_iter_init(&i, b->manager->processes);
        while (g_hash_table_iter_next(&i, NULL, &process)) {
                paths[n] = bus_process_path(process);
                if (!paths[n++])
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(paths);
        return 1;
}

/* ---- what the manager tells ---- */

typedef struct TextChange {
        Bus *bus;
        char *machine;
        uint64_t last_usec;
        sd_event_source *timer;
} TextChange;

static void text_change_free(void *p)
{
        TextChange *t = p;

        sd_event_source_disable_unref(t->timer);
        free(t->machine);
        free(t);
}

static int on_text_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
        static char text[] = "StatusText", *properties[] = {text, NULL};
        TextChange *t = userdata;

        t->timer = sd_event_source_disable_unref(t->timer);
        t->last_usec = usec;
        Machine *m = manager_find(t->bus->manager, t->machine);
        if (m)
                bus_object_changed(t->bus, OBJECT_MACHINE, m, properties);
        return 0;
}

/* A guest can change it as often as it likes. */
static void text_changed(Bus *b, const char *machine)
{
        TextChange *t = g_hash_table_lookup(b->texts, machine);
        uint64_t now = now_usec(CLOCK_MONOTONIC);

        if (!t) {
                t = g_new0(TextChange, 1);
                *t = (TextChange){.bus = b, .machine = g_strdup(machine)};
                g_hash_table_insert(b->texts, t->machine, t);
        }
        if (t->timer)
                return;
        if (now - t->last_usec >= BUS_CHANGE_USEC)
                (void)on_text_timer(NULL, now, t);
        else
                (void)sd_event_add_time(b->manager->event, &t->timer, CLOCK_MONOTONIC,
                                        t->last_usec + BUS_CHANGE_USEC, 0, on_text_timer, t);
}

static void machine_changed(void *userdata, Machine *m, unsigned changes)
{
        static const struct {
                unsigned change;
                const char *names[9];
        } sets[] = {
                {MACHINE_CHANGED_STATE, {"State", "StateReason"}},
                {MACHINE_CHANGED_DEFINITION,
                 {"Settings", "Image", "RootDirectory", "MachineID", "Owner", "CreatedTimestamp",
                  "Bandwidth", "DefinitionWarnings"}},
                {MACHINE_CHANGED_HEALTH, {"Health", "HealthFailures", "HealthOutput"}},
                {MACHINE_CHANGED_NETWORK, {"Addresses", "Ports", "Bandwidth"}},
                {MACHINE_CHANGED_MOUNTS, {"Mounts"}},
                {MACHINE_CHANGED_RUN,
                 {"Leader", "Supervisor", "UIDShift", "BootCount", "StartedTimestamp",
                  "ReadyTimestamp", "PausedTimestamp", "StoppedTimestamp"}},
        };
        Bus *b = userdata;
        char *names[32];
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(sets); i++)
                for (size_t k = 0; changes & sets[i].change && sets[i].names[k]; k++)
                        names[n++] = (char *)sets[i].names[k];
        names[n] = NULL;
        if (n > 0)
                bus_object_changed(b, OBJECT_MACHINE, m, names);
        if (changes & MACHINE_CHANGED_STATUS_TEXT)
                text_changed(b, m->name);
}

static void machine_added(void *userdata, Machine *m)
{
        bus_object_added(userdata, OBJECT_MACHINE, m);
}

static void machine_removed(void *userdata, Machine *m)
{
        Bus *b = userdata;

        g_hash_table_remove(b->texts, m->name);
        bus_object_removed(b, OBJECT_MACHINE, m);
}

static int append_event(sd_bus_message *signal, const Machine *m, const char *path,
                        const char *event, const char *reason)
{
        int r = sd_bus_message_append(signal, "soss", m->name, path, event, reason);

        r = r < 0 ? r : sd_bus_message_open_container(signal, 'a', "{sv}");
        if (r >= 0 && streq(event, "renamed"))
                r = sd_bus_message_append(signal, "{sv}", "OldName", "s", m->former_name);
        if (machine_is_stopped(m))
                r = r < 0 ? r : bus_append_end(signal, m);
        else if (m->leader)
                r = r < 0 ? r : sd_bus_message_append(signal, "{sv}", "Leader", "u", m->leader);
        return r < 0 ? r : sd_bus_message_close_container(signal);
}

static void machine_event(void *userdata, Machine *m, const char *event, const char *reason)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *signal = NULL;
        _cleanup_free_ char *path = bus_object_path(OBJECT_MACHINE, m->name);
        Bus *b = userdata;

        if (path &&
            sd_bus_message_new_signal(b->bus, &signal, LODGE_OBJECT_PATH, LODGE_MANAGER_INTERFACE,
                                      "MachineEvent") >= 0 &&
            append_event(signal, m, path, event, reason) >= 0)
                (void)sd_bus_send(b->bus, signal, NULL);
}

static void process_added(void *userdata, Process *p)
{
        _cleanup_free_ char *path = bus_process_path(p);
        Bus *b = userdata;

        if (path)
                (void)sd_bus_emit_object_added(b->bus, path);
}

static void process_removed(void *userdata, Process *p)
{
        _cleanup_free_ char *path = bus_process_path(p);
        Bus *b = userdata;

        if (path)
                (void)sd_bus_emit_object_removed(b->bus, path);
}

static void process_changed(void *userdata, Process *p)
{
        _cleanup_free_ char *path = bus_process_path(p);
        Bus *b = userdata;

        if (path)
                (void)sd_bus_emit_properties_changed(b->bus, path, LODGE_PROCESS_INTERFACE, "State",
                                                     "ExitStatus", "Signal", NULL);
}

static int on_client_gone(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Bus *b = userdata;
        const char *client;

        if (sd_bus_message_read(m, "s", &client) < 0)
                return 0;
        authority_forget_client(b->authority, client);
        calls_forget(b, sd_bus_message_get_bus(m), client);
        return 0;
}

/* Every client that leaves: the bus delivers its calls before that, so none is kept for ever. It
 * takes the match before it is asked for a caller's uid: one that has left before gets no further.
 * We do not have it while nobody calls: most that leave never had to do with us. */
static int watch_clients(Bus *b)
{
        return sd_bus_add_match_async(b->bus, &b->clients,
                                      "type='signal',sender='org.freedesktop.DBus',"
                                      "interface='org.freedesktop.DBus',"
                                      "member='NameOwnerChanged',arg2=''",
                                      on_client_gone, NULL, b);
}

static void unwatch_clients(Bus *b)
{
        b->clients = sd_bus_slot_unref(b->clients);
        authority_forget_clients(b->authority);
}

static int on_trim(sd_event_source *source, uint64_t usec, void *userdata);

static void trim_later(Bus *b)
{
        (void)sd_event_add_time_relative(b->manager->event, &b->trim, CLOCK_MONOTONIC, TRIM_USEC,
                                         TRIM_USEC / 4, on_trim, b);
}

/* Once more after the last flood: what waits for others is freed without any message. */
static int on_trim(sd_event_source *source, uint64_t usec, void *userdata)
{
        Bus *b = userdata;
        bool flooded = b->n_messages >= TRIM_MESSAGES;

        b->trim = sd_event_source_disable_unref(b->trim);
        if (flooded || b->was_flooded)
                (void)malloc_trim(0);
        b->was_flooded = flooded;
        b->n_messages = 0;
        if (!flooded && b->calls->len == 0)
                unwatch_clients(b);
        if (flooded)
                trim_later(b);
        return 0;
}

/* What a flood of calls and their answers took would stay with us: the heap has holes, and gives
 * back by itself only what is at its end. */
static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Bus *b = userdata;

        b->n_messages++;
        if (!b->clients && b->bus && sd_bus_message_get_bus(m) == b->bus)
                (void)watch_clients(b); /* without memory: the caller may stay on our list */
        if (!b->trim)
                trim_later(b);
        return 0;
}

int bus_export(Bus *b, sd_bus *bus)
{
        int r;

        r = sd_bus_add_object_manager(bus, NULL, LODGE_OBJECT_PATH);
        r = r < 0 ? r
                  : sd_bus_add_object_vtable(bus, NULL, LODGE_OBJECT_PATH, LODGE_MANAGER_INTERFACE,
                                             bus_manager_vtable, &b->itself);
        r = r < 0 ? r : bus_export_objects(b, bus);
        r = r < 0 ? r
                  : sd_bus_add_fallback_vtable(bus, NULL, LODGE_PROCESS_PATH,
                                               LODGE_PROCESS_INTERFACE, bus_process_vtable,
                                               find_process, b);
        r = r < 0 ? r
                  : sd_bus_add_node_enumerator(bus, NULL, LODGE_PROCESS_PATH, list_processes, b);
        return r < 0 ? r : sd_bus_add_filter(bus, NULL, on_message, b);
}

int bus_new(sd_bus *bus, Manager *manager, const char *version, Bus **ret)
{
        Bus *b = g_new0(Bus, 1);

        *b = (Bus){
                .bus = sd_bus_ref(bus),
                .manager = manager,
                .authority = authority_new(),
                .calls = g_ptr_array_new(),
                .open_calls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                .version = version,
                .texts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, text_change_free),
                .progress = bus_progress_table(),
        };
        b->itself.bus = b;
        *ret = b;
        if (!bus)
                return 0;
        int r = bus_export(b, bus);
        if (r < 0) {
                *ret = NULL;
                bus_free(b);
                return r;
        }
        ManagerListener listener = bus_store_listener(b);
        listener.machine_added = machine_added;
        listener.machine_removed = machine_removed;
        listener.machine_changed = machine_changed;
        listener.machine_event = machine_event;
        listener.process_added = process_added;
        listener.process_removed = process_removed;
        listener.process_changed = process_changed;
        manager_add_listener(manager, &listener);
        return 0;
}

void bus_free(Bus *b)
{
        if (!b)
                return;
        sd_event_source_disable_unref(b->trim);
        sd_bus_slot_unref(b->clients);
        calls_forget(b, NULL, NULL);
        g_ptr_array_unref(b->calls);
        g_hash_table_unref(b->open_calls);
        authority_free(b->authority);
        g_hash_table_unref(b->texts);
        g_hash_table_unref(b->progress);
        sd_bus_unref(b->bus);
        g_free(b);
}
