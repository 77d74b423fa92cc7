/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network.h"

#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/machine-network.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/network-internal.h"
#include "core/network-names.h"
#include "core/store.h"

#include <string.h>

/* ---- objects ---- */

Network *network_new(Manager *manager, const char *name)
{
        Network *n = g_new0(Network, 1);

        n->manager = manager;
        n->name = g_strdup(name);
        n->leases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        network_settings_init(&n->settings);
        return n;
}

void network_free(Network *n)
{
        if (!n)
                return;
        g_hash_table_unref(n->leases);
        network_settings_done(&n->settings);
        fault_done(&n->load_error);
        free(n->kept_text);
        free(n->run_text);
        g_free(n->path);
        g_free(n->name);
        g_free(n);
}

void network_note(Network *n)
{
        Manager *manager = n->manager;

        if (n->is_changed || g_hash_table_lookup(manager->networks, n->name) != n)
                return;
        n->is_changed = true;
        g_ptr_array_add(manager->changed_networks, n);
        (void)sd_event_source_set_enabled(manager->flush, SD_EVENT_ONESHOT);
}

void networks_flush(Manager *manager)
{
        while (manager->changed_networks->len > 0) {
                Network *n = g_ptr_array_steal_index(manager->changed_networks, 0);

                n->is_changed = false;
                EACH_LISTENER(manager, l)
                if (l->network_changed)
                        l->network_changed(l->userdata, n);
        }
}

static bool bridge_is_taken(const Network *n)
{
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, n->manager->networks);
        while (g_hash_table_iter_next(&i, NULL, &p))
                if (p != n && streq(((const Network *)p)->bridge, n->bridge))
                        return true;
        return false;
}

static void choose_bridge(Network *n)
{
        if (n->settings.bridge)
                (void)g_strlcpy(n->bridge, n->settings.bridge, sizeof(n->bridge));
        for (unsigned attempt = 0; !n->settings.bridge; attempt++) {
                network_bridge_name(n->name, attempt, n->bridge);
                if (!bridge_is_taken(n))
                        return;
        }
}

void network_add(Network *n)
{
        Manager *manager = n->manager;

        choose_bridge(n);
        g_hash_table_insert(manager->networks, n->name, n);
        EACH_LISTENER(manager, l)
        if (l->network_added)
                l->network_added(l->userdata, n);
}

void network_drop(Network *n)
{
        Manager *manager = n->manager;

        manager_flush(manager);
        EACH_LISTENER(manager, l)
        if (l->network_removed)
                l->network_removed(l->userdata, n);
        g_hash_table_remove(manager->networks, n->name);
        network_free(n);
}

/* ---- its file ---- */

static int read_settings(const Network *n, DefinitionPlace place, NetworkSettings *ret,
                         Fault *reterr)
{
        _cleanup_free_ char *text = NULL, *path = NULL;
        size_t size = 0;
        int r = place_read(&definition_of_network, n->manager->root, place, n->name, &text, &size,
                           &path, reterr);

        r = r < 0 ? r : network_settings_parse(path, text, size, ret, reterr);
        return r < 0 ? r : network_settings_validate(ret, reterr);
}

bool network_has_subnets(const Network *n)
{
        return n->n_subnets > 0 || n->settings.subnets; /* "none" is known, too */
}

/* Overlaps of what files ask for: of two networks the one that was there first is right. */
static int check_against_others(const Network *n, Fault *reterr)
{
        _cleanup_used_subnets_ UsedSubnets used = {0};
        int r = 0;

        used_subnets_init(&used);
        networks_add_used(n->manager, n, &used);
        for (size_t i = 0; i < n->n_subnets && r >= 0; i++)
                r = used_subnets_check(&used, &n->subnets[i], reterr);
        return r;
}

static void take_settings(Network *n, NetworkSettings *s)
{
        network_settings_done(&n->settings);
        n->settings = *s;
        network_settings_init(s);
        n->n_subnets = 0;
        if (n->settings.subnets) {
                int r = network_parse_subnets(&n->settings, n->subnets);

                n->n_subnets = r < 0 ? 0 : (size_t)r; /* they were checked */
        }
        network_read_state(n);
        if (n->settings.subnets && n->load_error.code == FAULT_NONE)
                (void)check_against_others(n, &n->load_error);
}

void network_load_file(Network *n)
{
        const char *root = n->manager->root;
        DefinitionPlace place = place_find(&definition_of_network, root, n->name);
        _cleanup_network_settings_ NetworkSettings s;

        network_settings_init(&s);
        fault_done(&n->load_error);
        g_clear_pointer(&n->path, g_free);
        if (place != DEFINITION_NOWHERE) {
                n->path = place_path(&definition_of_network, root, place, n->name);
                if (read_settings(n, place, &s, &n->load_error) < 0) {
                        network_settings_done(&s);
                        network_settings_init(&s);
                }
        } else if (!streq(n->name, LODGE_NETWORK_DEFAULT)) {
                (void)fault_set(&n->load_error, FAULT_NO_SUCH_NETWORK, ENOENT,
                                "The file of network '%s' is gone from %s", n->name,
                                LODGE_NETWORKS_ETC);
        }
        take_settings(n, &s);
        if (n->load_error.code != FAULT_NONE)
                manager_warn(n->manager, NULL, n->load_error.message);
}

/* The file has come, changed or gone. While machines are in the network it stays what it is. */
static void file_changed(Network *n)
{
        bool is_needed = streq(n->name, LODGE_NETWORK_DEFAULT) ||
                         place_find(&definition_of_network, n->manager->root, n->name);

        n->is_stale = n->is_up;
        if (n->is_up)
                return;
        if (!is_needed) {
                network_delete_state(n);
                network_drop(n);
                return;
        }
        if (n->is_unsaved) /* else it would be read without */
                (void)network_write_state(n, NULL);
        network_load_file(n);
        choose_bridge(n);
        network_note(n);
}

static Network *load_network(Manager *manager, const char *name)
{
        Network *n = network_new(manager, name);

        network_load_file(n);
        network_add(n);
        return n;
}

Network *network_ensure(Manager *manager, const char *name)
{
        return g_hash_table_lookup(manager->networks, name) ?: load_network(manager, name);
}

void networks_load_name(Manager *manager, const char *name)
{
        Network *n = g_hash_table_lookup(manager->networks, name);

        if (n)
                file_changed(n);
        else if (!machine_name_is_valid(name))
                manager_warn(manager, NULL, "a network's file has an invalid name, ignoring");
        else if (place_find(&definition_of_network, manager->root, name))
                (void)load_network(manager, name);
}

void networks_load(Manager *manager)
{
        char **ignored, **names = place_list(&definition_of_network, manager->root, &ignored);
        GList *known = g_hash_table_get_keys(manager->networks);

        store_delete_temporary(manager->root, LODGE_STORE_NETWORKS);
        store_delete_temporary(manager->root, LODGE_RUNTIME_LEASES);
        STRV_FOREACH (path, ignored) {
                _cleanup_free_ char *text =
                        g_strdup_printf("%s is no valid name for a network, ignoring", *path);

                manager_warn(manager, NULL, text);
        }
        for (GList *i = known; i; i = i->next) {
                _cleanup_free_ char *name = g_strdup(i->data);

                networks_load_name(manager, name);
        }
        (void)network_ensure(manager, LODGE_NETWORK_DEFAULT);
        STRV_FOREACH (name, names)
                (void)network_ensure(manager, *name);
        g_list_free(known);
        g_strfreev(ignored);
        g_strfreev(names);
}

/* ---- looking ---- */

int network_get(Manager *manager, const char *name, Network **ret, Fault *reterr)
{
        _cleanup_free_ char *shown = NULL;

        if (!machine_name_is_valid(name)) {
                shown = text_for_display(name ?: "", 80);
                return fault_set(reterr, FAULT_INVALID_NAME, EINVAL,
                                 "'%s' cannot be a network's name: use at most 64 letters, digits, "
                                 "and inner '-' or '.'",
                                 shown ?: "");
        }
        *ret = g_hash_table_lookup(manager->networks, name);
        if (*ret)
                return 0;
        return fault_set(reterr, FAULT_NO_SUCH_NETWORK, ENOENT,
                         "No network '%s' is known; 'lodgectl network ls' shows those that are",
                         name);
}

int network_check_usable(const Network *n, Fault *reterr)
{
        if (n->load_error.code == FAULT_NONE || n->is_up)
                return 0;
        return fault_set(reterr, FAULT_START_FAILED, EINVAL, "Network '%s' cannot be used: %s",
                         n->name, n->load_error.message ?: "");
}

NetAddress network_gateway(const Network *network, size_t i)
{
        return net_address_nth(&network->subnets[i], 1);
}

static bool machine_is_in(const Machine *m, const Network *n)
{
        for (guint i = 0; m->network && m->network->is_member && i < m->network->links->len; i++)
                if (streq(g_array_index(m->network->links, MachineLink, i).network, n->name))
                        return true;
        return false;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *network_members(const Network *network)
{
        GPtrArray *names = g_ptr_array_new();
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, network->manager->machines);
        while (g_hash_table_iter_next(&i, NULL, &p))
                if (machine_is_in(p, network))
                        g_ptr_array_add(names, ((Machine *)p)->name);
        g_ptr_array_sort(names, compare_names);
        return names;
}

/* ---- whether it is up ---- */

static bool has_members(const Network *n)
{
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, n->manager->machines);
        while (g_hash_table_iter_next(&i, NULL, &p))
                if (machine_is_in(p, n))
                        return true;
        return false;
}

void network_set_firewall(Manager *manager, const FirewallPort *port)
{
        manager->firewall = *port;
}

static void tell_firewall(const Network *n)
{
        const FirewallPort *port = &n->manager->firewall;

        if (n->is_up && port->network_up)
                port->network_up(port->userdata, n->bridge);
        else if (!n->is_up && port->network_down)
                port->network_down(port->userdata, n->bridge);
}

/* One may have gone down while no lodged was there. */
void networks_adopted(Manager *manager)
{
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, manager->networks);
        while (g_hash_table_iter_next(&i, NULL, &p))
                if (!((Network *)p)->is_up)
                        tell_firewall(p);
        network_services_adopted(manager);
        network_hosts_changed(manager); /* some may have stopped meanwhile */
}

void network_update_use(Network *n)
{
        bool was_up = n->is_up;

        n->is_up = has_members(n);
        network_note(n);
        if (was_up != n->is_up)
                tell_firewall(n);
        if (!was_up || n->is_up)
                return;
        network_services_send(n->manager, FRAME_NETWORK_UNSET, n->name, NULL, NULL);
        if (n->is_stale)
                file_changed(n);
}

GPtrArray *networks_up(Manager *manager)
{
        GPtrArray *names = g_ptr_array_new();
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, manager->networks);
        while (g_hash_table_iter_next(&i, NULL, &p))
                if (((Network *)p)->is_up)
                        g_ptr_array_add(names, ((Network *)p)->name);
        return names;
}

static uint32_t flags_of(const Network *n)
{
        return (n->settings.internal ? NETWORK_INTERNAL : 0) |
               (n->settings.nat && !n->settings.internal ? NETWORK_NAT : 0) |
               (n->settings.names ? NETWORK_NAMES : 0);
}

bool network_add_record(Manager *manager, const char *name, FrameWriter *w)
{
        const Network *n = g_hash_table_lookup(manager->networks, name);
        NetworkRecord record = {0};

        if (!n || !n->is_up)
                return false;
        (void)g_strlcpy(record.name, n->name, sizeof(record.name));
        (void)g_strlcpy(record.bridge, n->bridge, sizeof(record.bridge));
        record.mac = network_mac(manager->host_id, n->name, NULL);
        record.mtu = n->settings.mtu;
        record.flags = flags_of(n);
        for (; record.n_gateways < n->n_subnets; record.n_gateways++)
                record.gateways[record.n_gateways] = network_gateway(n, record.n_gateways);
        network_record_add(w, &record);
        return true;
}

void networks_add_used(Manager *manager, const Network *but, UsedSubnets *used)
{
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, manager->networks);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                const Network *n = p;
                _cleanup_free_ char *owner = g_strdup_printf("network '%s'", n->name);

                for (size_t k = 0; n != but && k < n->n_subnets; k++)
                        used_subnets_add(used, &n->subnets[k], owner);
        }
}

/* ---- what machines want ---- */

static bool wants(const Machine *m, const char *network)
{
        NetworkEntry *entries = NULL;
        size_t n = 0;
        bool found = false;

        if (settings_network_entries(&m->settings, &entries, &n, NULL) < 0)
                return false;
        for (size_t i = 0; i < n; i++)
                found = found || (entries[i].kind == NETWORK_KIND_NETWORK &&
                                  streq(entries[i].argument, network));
        network_entries_free(entries, n);
        return found;
}

const Machine *network_find_user(const Network *n)
{
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, n->manager->machines);
        while (g_hash_table_iter_next(&i, NULL, &p))
                if (machine_is_in(p, n) || wants(p, n->name))
                        return p;
        return NULL;
}

int networks_check_settings(Manager *manager, const Settings *s, Fault *reterr)
{
        NetworkEntry *entries = NULL;
        Network *network;
        size_t n = 0;
        int r = settings_network_entries(s, &entries, &n, reterr);

        for (size_t i = 0; i < n && r >= 0; i++)
                if (entries[i].kind == NETWORK_KIND_NETWORK)
                        r = network_get(manager, entries[i].argument, &network, reterr);
        network_entries_free(entries, n);
        return r < 0 ? r : 0;
}
