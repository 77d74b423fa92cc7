/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the settings to a machine's links and ports, and what the start waits for: subnets that are
 * not chosen yet, and the services. All of it happens while systemd starts the unit. */
#include "core/machine-network.h"

#include "base/names.h"
#include "base/text.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/network-internal.h"
#include "core/network-names.h"
#include "core/network-ports.h"
#include "spec/settings-image.h"

#include <inttypes.h>
#include <string.h>

/* ---- one of them ---- */

static void link_clear(void *p)
{
        MachineLink *l = p;

        g_free(l->entry);
        g_free(l->network);
}

MachineNetwork *machine_network_new(Machine *m)
{
        MachineNetwork *mn = g_new0(MachineNetwork, 1);

        mn->machine = m;
        mn->telling = (NetworkTelling){.manager = m->manager, .userdata = mn};
        mn->links = g_array_new(FALSE, TRUE, sizeof(MachineLink));
        g_array_set_clear_func(mn->links, link_clear);
        mn->published = g_array_new(FALSE, TRUE, sizeof(PortEntry));
        mn->ports = g_array_new(FALSE, TRUE, sizeof(MemberPort));
        mn->egress = g_array_new(FALSE, TRUE, sizeof(EgressRule));
        return mn;
}

void machine_network_drop(MachineNetwork *mn)
{
        if (!mn)
                return;
        Manager *manager = mn->machine->manager;
        if (mn->change)
                network_change_abort(TAKE_PTR(mn->change));
        network_prepare_forget(manager, mn);
        network_telling_done(&mn->telling);
        g_array_unref(mn->links);
        g_array_unref(mn->published);
        g_array_unref(mn->ports);
        g_array_unref(mn->egress);
        strv_free(mn->egress_entries);
        g_free(mn->wanted);
        g_free(mn);
}

void machine_network_free(Machine *m)
{
        machine_network_drop(TAKE_PTR(m->network));
}

MachineLink *machine_network_link(const MachineNetwork *mn, size_t i)
{
        return &g_array_index(mn->links, MachineLink, i);
}

const MachineLink *machine_links(const Machine *m, size_t *ret_n)
{
        *ret_n = m->network && m->network->is_ready ? m->network->links->len : 0;
        return *ret_n > 0 ? machine_network_link(m->network, 0) : NULL;
}

const MemberPort *machine_ports(const Machine *m, size_t *ret_n)
{
        *ret_n = m->network && m->network->is_ready ? m->network->ports->len : 0;
        return *ret_n > 0 ? &g_array_index(m->network->ports, MemberPort, 0) : NULL;
}

const Bandwidth *machine_bandwidth(const Machine *m)
{
        return m->network && m->network->is_ready ? &m->network->bandwidth : &m->settings.bandwidth;
}

/* ---- links ---- */

static bool host_name_is_taken(Manager *manager, const char *name)
{
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, manager->machines);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                const MachineNetwork *mn = ((Machine *)p)->network;

                for (guint k = 0; mn && k < mn->links->len; k++)
                        if (streq(machine_network_link(mn, k)->host, name))
                                return true;
        }
        return false;
}

/* The first number that no link of the machine has. */
static unsigned next_number(const MachineNetwork *mn)
{
        unsigned number = 0;

        for (guint i = 0; i < mn->links->len; i++) {
                const MachineLink *l = machine_network_link(mn, i);

                if (l->is_veth && l->number == number) {
                        number++;
                        i = (guint)-1; /* from the beginning */
                }
        }
        return number;
}

static void name_host_end(MachineNetwork *mn, const NetworkEntry *e, MachineLink *l)
{
        const Machine *m = mn->machine;

        if (e->kind == NETWORK_KIND_INTERFACE)
                (void)g_strlcpy(l->host, e->argument, sizeof(l->host));
        l->is_veth = e->kind == NETWORK_KIND_NETWORK || e->kind == NETWORK_KIND_BRIDGE;
        if (!l->is_veth)
                return;
        l->number = next_number(mn);
        for (unsigned attempt = 0;; attempt++) {
                network_link_name(m->name, l->number, attempt, l->host);
                if (!host_name_is_taken(m->manager, l->host))
                        return;
        }
}

/* Interfaces that are somebody's stay as they are. */
static uint64_t choose_mac(const MachineNetwork *mn, const NetworkEntry *e)
{
        _cleanup_free_ char *where = NULL;

        if (e->mac || e->kind == NETWORK_KIND_INTERFACE)
                return e->mac;
        where = g_strdup_printf("%d %s %s", e->kind, e->argument, e->name);
        return network_mac(mn->machine->manager->host_id,
                           e->kind == NETWORK_KIND_NETWORK ? e->argument : where,
                           mn->machine->name);
}

int machine_network_add_link(MachineNetwork *mn, const NetworkEntry *e, const char *text,
                             Fault *reterr)
{
        Manager *manager = mn->machine->manager;
        Network *network = NULL;
        MachineLink l = {0};
        int r = 0;

        if (e->kind == NETWORK_KIND_NETWORK) {
                r = network_get(manager, e->argument, &network, reterr);
                r = r < 0 ? r : network_check_usable(network, reterr);
        }
        if (r < 0)
                return r;
        l.entry = g_strdup(text);
        l.network = network ? g_strdup(e->argument) : NULL;
        (void)g_strlcpy(l.inside, e->name, sizeof(l.inside));
        name_host_end(mn, e, &l);
        l.mac = choose_mac(mn, e);
        for (; !network && l.n_addresses < MIN2(e->n_addresses, ELEMENTSOF(l.addresses));
             l.n_addresses++)
                l.addresses[l.n_addresses] = e->addresses[l.n_addresses];
        g_array_append_val(mn->links, l);
        return 0;
}

void machine_network_remove_link(MachineNetwork *mn, const char *inside)
{
        for (guint i = 0; i < mn->links->len; i++)
                if (streq(machine_network_link(mn, i)->inside, inside)) {
                        g_array_remove_index(mn->links, i);
                        return;
                }
}

int machine_network_take_lease(MachineNetwork *mn, MachineLink *l, const NetworkEntry *e, bool keep,
                               Fault *reterr)
{
        const char *machine = mn->machine->name;
        Network *n;
        NetworkLease lease;
        int r = network_get(mn->machine->manager, l->network, &n, reterr);

        r = r < 0 ? r : lease_choose(n, machine, e->addresses, e->n_addresses, &lease, reterr);
        if (r < 0)
                return r;
        (void)memcpy(l->addresses, lease.addresses, sizeof(lease.addresses));
        l->n_addresses = lease.n;
        if (keep)
                network_set_lease(n, machine, &lease);
        return 0;
}

static int take_leases(MachineNetwork *mn, const NetworkEntry *entries, bool keep, Fault *reterr)
{
        int r = 0;

        for (guint i = 0; i < mn->links->len && r >= 0; i++)
                if (machine_network_link(mn, i)->network)
                        r = machine_network_take_lease(mn, machine_network_link(mn, i), &entries[i],
                                                       keep, reterr);
        return r;
}

/* ---- from the settings ---- */

/* The image whose ports the machine opens, too; NULL: none. */
static const ImageRecord *exposing_image(const Machine *m)
{
        Image *image;

        if (!m->settings.publish_exposed || !m->settings.image ||
            image_find(m->manager, m->settings.image, &image, NULL) < 0 || image->kind != IMAGE_OCI)
                return NULL;
        return &image->record;
}

/* All that a start depends on; compared, it tells whether the start was prepared for the same. */
static char *describe(const Machine *m)
{
        const Settings *s = &m->settings;
        const ImageRecord *record = exposing_image(m);
        GString *text = g_string_new(NULL);

        STRV_FOREACH (e, s->networks)
                g_string_append_printf(text, "n%s\n", *e);
        STRV_FOREACH (e, s->publish)
                g_string_append_printf(text, "p%s\n", *e);
        STRV_FOREACH (e, record ? record->exposed_ports : NULL)
                g_string_append_printf(text, "x%s\n", *e);
        STRV_FOREACH (e, s->egress)
                g_string_append_printf(text, "e%s\n", *e);
        g_string_append_printf(text, "%" PRIu64 " %" PRIu64, s->bandwidth.in, s->bandwidth.out);
        return g_string_free(text, FALSE);
}

static int add_links(MachineNetwork *mn, const NetworkEntry *entries, size_t n, Fault *reterr)
{
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i++)
                r = machine_network_add_link(mn, &entries[i], mn->machine->settings.networks[i],
                                             reterr);
        return r;
}

int machine_network_set_egress(MachineNetwork *mn, char *const *entries, Fault *reterr)
{
        STRV_FOREACH (text, entries) {
                const char *why = "";
                EgressEntry e;
                int r = egress_entry_parse(*text, &e, &why);

                r = r < 0 ? r : strv_push(&mn->egress_entries, *text);
                if (r < 0)
                        return fault_set(reterr, FAULT_INVALID_OPTION, r,
                                         "Egress='%s' is not valid: %s", *text, why);
                ports_add_egress(mn->egress, &e);
        }
        return 0;
}

static int set_published(MachineNetwork *mn, char *const *entries, Fault *reterr)
{
        STRV_FOREACH (text, entries) {
                const char *why = "";
                PortEntry e;

                if (port_entry_parse(*text, &e, &why) < 0)
                        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                         "Publish='%s' is not valid: %s", *text, why);
                g_array_append_val(mn->published, e);
        }
        return 0;
}

static int set_exposed(MachineNetwork *mn, Fault *reterr)
{
        const ImageRecord *record = exposing_image(mn->machine);
        _cleanup_strv_free_ char **list = NULL;
        int r = record ? settings_exposed_ports(&mn->machine->settings, record, &list, reterr) : 0;

        return r < 0 ? r : set_published(mn, list, reterr);
}

int machine_network_check_bandwidth(const MachineNetwork *mn, const Bandwidth *b, Fault *reterr)
{
        for (guint i = 0; i < mn->links->len; i++) {
                const MachineLink *l = machine_network_link(mn, i);

                if (b->out > 0 && l->is_veth && !l->network)
                        return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                         "What machine '%s' sends over '%s' cannot be limited: "
                                         "only networks of lodge's take Bandwidth=out=",
                                         mn->machine->name, l->entry);
        }
        return 0;
}

/* Everything but addresses, and what depends on them. */
static int compose(MachineNetwork *mn, const NetworkEntry *entries, size_t n, Fault *reterr)
{
        const Settings *s = &mn->machine->settings;
        int r = add_links(mn, entries, n, reterr);

        r = r < 0 ? r : set_published(mn, s->publish, reterr);
        r = r < 0 ? r : set_exposed(mn, reterr);
        r = r < 0 ? r : machine_network_set_egress(mn, s->egress, reterr);
        mn->bandwidth = s->bandwidth;
        return r;
}

/* ---- the services ---- */

bool machine_network_add_record(Manager *manager, const char *name, FrameWriter *w)
{
        const Machine *m = manager_find(manager, name);
        const MachineNetwork *mn = m ? m->network : NULL;
        MemberLink links[NETWORK_LINKS_MAX];
        MemberRecord record = {.links = links};

        if (!mn || !mn->is_member)
                return false;
        (void)g_strlcpy(record.name, name, sizeof(record.name));
        for (guint i = 0; i < mn->links->len && record.n_links < ELEMENTSOF(links); i++) {
                const MachineLink *l = machine_network_link(mn, i);
                MemberLink *to = &links[record.n_links];

                if (!l->network)
                        continue;
                *to = (MemberLink){.mac = l->mac, .n_addresses = l->n_addresses};
                (void)g_strlcpy(to->network, l->network, sizeof(to->network));
                (void)g_strlcpy(to->link, l->host, sizeof(to->link));
                (void)memcpy(to->addresses, l->addresses, sizeof(to->addresses));
                record.n_links++;
        }
        record.ports = (MemberPort *)(void *)mn->ports->data;
        record.n_ports = mn->ports->len;
        record.rate = mn->bandwidth.out;
        record.has_egress = mn->egress_entries != NULL;
        record.egress = (EgressRule *)(void *)mn->egress->data;
        record.n_egress = mn->egress->len;
        member_record_add(w, &record);
        return true;
}

GPtrArray *network_machines(Manager *manager)
{
        GPtrArray *names = g_ptr_array_new();
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, manager->machines);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                const Machine *m = p;

                if (m->network && m->network->is_member)
                        g_ptr_array_add(names, m->name);
        }
        return names;
}

void machine_network_update_use(Manager *manager, const GArray *links)
{
        for (guint i = 0; i < links->len; i++) {
                const char *name = g_array_index(links, MachineLink, i).network;

                if (name)
                        network_update_use(network_ensure(manager, name));
        }
}

/* ---- what the start waits for ---- */

/* The plan can be sent, or it is known why not. */
static void on_told(void *userdata)
{
        Machine *m = ((MachineNetwork *)userdata)->machine;

        if (!m->is_networking)
                return;
        m->is_networking = false;
        machine_launch(m, NULL);
}

/* Subnets are known. */
static int prepare(MachineNetwork *mn, Fault *reterr)
{
        NetworkEntry *entries = NULL;
        size_t n = 0;
        int r = settings_network_entries(&mn->machine->settings, &entries, &n, reterr);

        r = r < 0 ? r : take_leases(mn, entries, true, reterr);
        network_entries_free(entries, n);
        return r < 0 ? r : ports_update(mn, reterr);
}

static void on_prepared(void *userdata)
{
        MachineNetwork *mn = userdata;
        NetworkTelling *t = &mn->telling;

        t->done = on_told;
        if (t->fault.code != FAULT_NONE || prepare(mn, &t->fault) < 0) {
                on_told(mn);
                return;
        }
        network_telling_hold(t);
        network_tell(mn, t);
        network_telling_release(t, NULL);
}

static void on_subnets(void *userdata, const Fault *fault)
{
        network_telling_release(&((MachineNetwork *)userdata)->telling, fault);
}

static void begin(MachineNetwork *mn, size_t n)
{
        NetworkTelling *t = &mn->telling;

        t->done = on_prepared;
        network_telling_hold(t);
        for (size_t i = 0; i < n; i++) {
                const char *name = machine_network_link(mn, i)->network;

                if (!name)
                        continue;
                network_telling_hold(t);
                network_prepare(network_ensure(mn->machine->manager, name), on_subnets, mn);
        }
        network_telling_release(t, NULL);
}

void machine_network_begin(Machine *m)
{
        _cleanup_free_ char *wanted = describe(m);
        _cleanup_fault_ Fault f = {0};
        NetworkEntry *entries = NULL;
        size_t n = 0;

        if (m->network && streq(m->network->wanted, wanted))
                return;
        machine_network_end(m);
        if (m->load_error.code != FAULT_NONE ||
            settings_network_mode(&m->settings) != NETWORK_MODE_LINKS)
                return;
        m->network = machine_network_new(m);
        m->network->wanted = TAKE_PTR(wanted);
        if (settings_network_entries(&m->settings, &entries, &n, &f) < 0 ||
            compose(m->network, entries, n, &f) < 0)
                network_telling_fail(&m->network->telling, &f);
        else
                begin(m->network, n);
        network_entries_free(entries, n);
}

MachineNetwork *machine_network_imagine(Machine *m, Fault *reterr)
{
        MachineNetwork *mn = machine_network_new(m);
        NetworkEntry *entries = NULL;
        size_t n = 0;
        int r = settings_network_entries(&m->settings, &entries, &n, reterr);

        r = r < 0 ? r : compose(mn, entries, n, reterr);
        r = r < 0 ? r : take_leases(mn, entries, false, reterr);
        network_entries_free(entries, n);
        if (r < 0)
                machine_network_drop(TAKE_PTR(mn));
        return mn;
}

int machine_network_await(Machine *m, Fault *reterr)
{
        machine_network_begin(m);
        MachineNetwork *mn = m->network;
        if (!mn)
                return 0;
        if (mn->telling.n_pending > 0) {
                m->is_networking = true;
                return 1;
        }
        const Fault *f = &mn->telling.fault;
        if (f->code != FAULT_NONE)
                return fault_set(reterr, f->code, f->error, "%s", f->message);
        int r = machine_network_save(m, reterr);
        if (r < 0)
                return r;
        mn->is_ready = true;
        machine_network_changed(m);
        return 0;
}

void machine_network_changed(Machine *m)
{
        manager_note_change(m, MACHINE_CHANGED_NETWORK);
        network_hosts_changed(m->manager);
}

void machine_network_give_up(Machine *m)
{
        m->is_networking = false;
}

void machine_network_end(Machine *m)
{
        MachineNetwork *mn = TAKE_PTR(m->network);

        m->is_networking = false;
        if (!mn)
                return;
        if (mn->is_member)
                network_services_send(m->manager, FRAME_MEMBER_UNSET, m->name, NULL, NULL);
        if (mn->is_ready)
                machine_network_changed(m);
        machine_network_update_use(m->manager, mn->links);
        networks_save_soon(m->manager);
        machine_network_drop(mn);
}

/* ---- changes that are undone ---- */

NetworkParts *network_parts_copy(const MachineNetwork *mn)
{
        NetworkParts *parts = g_new0(NetworkParts, 1);

        parts->links = g_array_copy(mn->links);
        g_array_set_clear_func(parts->links, link_clear);
        for (guint i = 0; i < parts->links->len; i++) {
                MachineLink *l = &g_array_index(parts->links, MachineLink, i);

                l->entry = g_strdup(l->entry);
                l->network = g_strdup(l->network);
        }
        parts->published = g_array_copy(mn->published);
        parts->ports = g_array_copy(mn->ports);
        parts->bandwidth = mn->bandwidth;
        return parts;
}

static void swap_arrays(GArray **a, GArray **b)
{
        GArray *c = *a;

        *a = *b;
        *b = c;
}

void network_parts_restore(MachineNetwork *mn, NetworkParts *parts)
{
        swap_arrays(&mn->links, &parts->links);
        swap_arrays(&mn->published, &parts->published);
        swap_arrays(&mn->ports, &parts->ports);
        mn->bandwidth = parts->bandwidth;
        network_tell(mn, NULL); /* who was told before that this can be had */
        machine_network_update_use(mn->machine->manager, parts->links);
}

void network_parts_free(NetworkParts *parts)
{
        if (!parts)
                return;
        g_array_unref(parts->links);
        g_array_unref(parts->published);
        g_array_unref(parts->ports);
        g_free(parts);
}
