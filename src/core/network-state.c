/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lodged keeps of networks: the subnets that it has chosen, and who has which address. Two
 * files a network, written anew whenever something of them changes: machines that vanish when they
 * stop, or with the host, are in the one that vanishes with the host. */
#include "core/network-internal.h"

#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/definition.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/store.h"
#include "spec/ini.h"

#include <fcntl.h>
#include <string.h>

#define STATE_SIZE_MAX (4U << 20)
#define LEASES_MAX     65536U
#define SAVE_USEC      (1 * UINT64_C(1000000))
#define HEAD           "[Network]\n"

/* ---- reading ---- */

typedef struct Reading {
        Network *network;
        GHashTable *taken;  /* NetAddress, in the network's leases */
        bool takes_subnets; /* the network's file does not say which */
        bool has_wrong;     /* a line made no sense */
} Reading;

static bool knows_section(void *userdata, const char *section)
{
        return streq(section, "Network");
}

static int read_subnet(Reading *r, const char *value)
{
        Network *n = r->network;
        const char *why;
        NetAddress subnet;

        if (!r->takes_subnets)
                return 0;
        if (n->n_subnets == NETWORK_SUBNETS_MAX || subnet_parse(value, &subnet, &why) < 0)
                return -EINVAL;
        for (size_t i = 0; i < n->n_subnets; i++)
                if (net_address_overlaps(&n->subnets[i], &subnet))
                        return -EINVAL;
        n->subnets[n->n_subnets++] = subnet;
        return 0;
}

/* An address that does not fit any more is left out: the subnets may have been changed since. */
static int add_leased(const Network *n, const char *text, NetworkLease *lease)
{
        NetAddress a;

        if (net_address_parse(text, NET_PREFIX_REQUIRED, &a) < 0)
                return -EINVAL;
        if (lease->n == NETWORK_SUBNETS_MAX || !lease_is_possible(n, &a))
                return 0;
        lease->addresses[lease->n++] = a;
        return 0;
}

/* Is it ours to give, once only? */
static int check_lease(const Reading *r, const char *machine, const NetworkLease *lease)
{
        if (g_hash_table_contains(r->network->leases, machine) ||
            g_hash_table_size(r->network->leases) >= LEASES_MAX)
                return -EINVAL;
        for (size_t i = 0; i < lease->n; i++)
                if (g_hash_table_contains(r->taken, &lease->addresses[i]))
                        return -EINVAL;
        return 0;
}

static int read_lease(Reading *r, const char *value)
{
        g_auto(GStrv) words = g_strsplit(value, " ", -1);
        NetworkLease lease = {0}, *kept;
        int e = words[0] && machine_name_is_valid(words[0]) ? 0 : -EINVAL;

        for (size_t i = 1; e >= 0 && words[i]; i++)
                e = add_leased(r->network, words[i], &lease);
        e = e < 0 ? e : check_lease(r, words[0], &lease);
        if (e < 0 || lease.n == 0)
                return e;
        kept = g_memdup2(&lease, sizeof(lease));
        for (size_t i = 0; i < kept->n; i++)
                (void)g_hash_table_add(r->taken, &kept->addresses[i]);
        g_hash_table_insert(r->network->leases, g_strdup(words[0]), kept);
        return 0;
}

/* One bad line is no reason to forget the others. */
static int assign(void *userdata, const char *section, const char *key, const char *value,
                  Fault *reterr)
{
        Reading *r = userdata;
        int e = -EINVAL;

        if (streq(key, "Subnet"))
                e = read_subnet(r, value);
        else if (streq(key, "Lease"))
                e = read_lease(r, value);
        r->has_wrong = r->has_wrong || e < 0;
        return 0;
}

static char *read_one(Reading *r, const char *directory)
{
        static const IniReader reader = {knows_section, assign, STATE_SIZE_MAX};
        const Network *n = r->network;
        _cleanup_free_ char *path = store_path(n->manager->root, directory, n->name);
        _cleanup_free_ char *text = NULL, *message = NULL;
        size_t size = 0;
        int e = read_file_at(AT_FDCWD, path, STATE_SIZE_MAX, &text, &size);

        r->has_wrong = false;
        if (e == -ENOENT || e == -ENOTDIR)
                return NULL;
        if (e >= 0)
                e = ini_parse(path, text, size, &reader, r, NULL);
        if (e < 0 || r->has_wrong) {
                message = g_strdup_printf("%s is damaged; what cannot be read in it is chosen anew",
                                          path);
                manager_warn(n->manager, NULL, message);
        }
        return text ? TAKE_PTR(text) : g_strdup("");
}

void network_read_state(Network *n)
{
        Reading r = {
                .network = n,
                .taken = lease_address_set(),
                .takes_subnets = !n->settings.subnets,
        };

        g_hash_table_remove_all(n->leases);
        free(n->kept_text);
        free(n->run_text);
        n->kept_text = read_one(&r, LODGE_STORE_NETWORKS);
        n->run_text = read_one(&r, LODGE_RUNTIME_LEASES);
        g_hash_table_unref(r.taken);
}

/* ---- writing ---- */

/* Does it outlive the host's next boot? */
static bool is_kept(const Network *n, const char *machine)
{
        const Machine *m = manager_find(n->manager, machine);

        if (!m) /* about to be known, under this name */
                return definition_find(n->manager->root, machine) != DEFINITION_RUN;
        return m->place != DEFINITION_RUN && !m->settings.auto_remove;
}

static int compare_keys(const void *a, const void *b)
{
        return strcmp(a, b);
}

static void append_leases(const Network *n, bool kept, GString *s)
{
        GList *names = g_list_sort(g_hash_table_get_keys(n->leases), compare_keys);
        char text[NET_ADDRESS_TEXT_MAX];

        for (GList *i = names; i; i = i->next) {
                const NetworkLease *lease = g_hash_table_lookup(n->leases, i->data);

                if (is_kept(n, i->data) != kept)
                        continue;
                g_string_append_printf(s, "Lease=%s", (const char *)i->data);
                for (size_t k = 0; k < lease->n; k++)
                        g_string_append_printf(
                                s, " %s", net_address_format(&lease->addresses[k], true, text));
                g_string_append_c(s, '\n');
        }
        g_list_free(names);
}

static int delete_one(const Network *n, const char *directory, char **text)
{
        _cleanup_free_ char *path = store_path(n->manager->root, directory, n->name);

        if (*text && unlink(path) < 0 && errno != ENOENT)
                return -errno;
        free(TAKE_PTR(*text));
        return 0;
}

static int replace(const Network *n, const char *directory, const char *content)
{
        _cleanup_free_ char *path = store_path(n->manager->root, directory, NULL);
        _cleanup_close_ int dir = -EBADF;

        (void)g_mkdir_with_parents(path, 0700); /* open tells */
        dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return dir < 0 ? -errno
                       : write_file_atomic_at(dir, n->name, content, strlen(content), 0600);
}

/* @text: what is in the file. */
static int write_one(const Network *n, const char *directory, const char *content, char **text,
                     Fault *reterr)
{
        int r = 0;

        if (streq(content, HEAD))
                r = delete_one(n, directory, text);
        else if (!streq(content, *text))
                r = replace(n, directory, content);
        else
                return 0;
        if (r < 0)
                return fault_set(reterr, store_fault_code(r), r, "Cannot write %s/%s: %s",
                                 directory, n->name, strerror(-r));
        free(*text);
        *text = streq(content, HEAD) ? NULL : strdup(content);
        return 0;
}

int network_write_state(Network *n, Fault *reterr)
{
        g_autoptr(GString) kept = g_string_new(HEAD), run = g_string_new(HEAD);
        char text[NET_ADDRESS_TEXT_MAX];

        for (size_t i = 0; i < n->n_subnets && !n->settings.subnets; i++)
                g_string_append_printf(kept, "Subnet=%s\n",
                                       net_address_format(&n->subnets[i], true, text));
        append_leases(n, true, kept);
        append_leases(n, false, run);
        n->is_unsaved = false;
        int r = write_one(n, LODGE_STORE_NETWORKS, kept->str, &n->kept_text, reterr);
        int e = write_one(n, LODGE_RUNTIME_LEASES, run->str, &n->run_text, reterr);
        return r < 0 ? r : e;
}

void network_delete_state(Network *n)
{
        n->is_unsaved = false;
        (void)delete_one(n, LODGE_STORE_NETWORKS, &n->kept_text); /* what is left of it is of no */
        (void)delete_one(n, LODGE_RUNTIME_LEASES, &n->run_text);  /* consequence but its subnet */
}

/* ---- when ---- */

void networks_save(Manager *manager)
{
        GHashTableIter i;
        void *p;

        manager->network_save = sd_event_source_disable_unref(manager->network_save);
        g_hash_table_iter_init(&i, manager->networks);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                _cleanup_fault_ Fault f = {0};

                if (((Network *)p)->is_unsaved && network_write_state(p, &f) < 0)
                        manager_warn(manager, NULL, f.message);
        }
}

static int on_save(sd_event_source *source, uint64_t usec, void *userdata)
{
        networks_save(userdata);
        return 0;
}

void networks_save_soon(Manager *manager)
{
        if (manager->network_save)
                (void)sd_event_source_set_time_relative(manager->network_save, 0);
}

/* Not while somebody waits for a start: until then the run's own file tells, and a choice that is
 * forgotten comes out the same again. */
void network_leases_changed(Network *n)
{
        Manager *manager = n->manager;

        n->is_unsaved = true;
        network_note(n);
        if (!manager->network_save)
                (void)sd_event_add_time_relative(manager->event, &manager->network_save,
                                                 CLOCK_MONOTONIC, SAVE_USEC, 0, on_save, manager);
}

void network_set_lease(Network *n, const char *machine, const NetworkLease *lease)
{
        const NetworkLease *old = g_hash_table_lookup(n->leases, machine);

        if (lease->n == 0 || (old && lease_equal(old, lease)))
                return;
        g_hash_table_replace(n->leases, g_strdup(machine), g_memdup2(lease, sizeof(*lease)));
        network_leases_changed(n);
}

/* ---- giving back ---- */

void networks_forget_machine(Manager *manager, const char *machine)
{
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, manager->networks);
        while (g_hash_table_iter_next(&i, NULL, &p))
                if (g_hash_table_remove(((Network *)p)->leases, machine))
                        network_leases_changed(p);
}

int networks_rename_machine(Manager *manager, const char *from, const char *to, Fault *reterr)
{
        GHashTableIter i;
        void *p, *name, *lease;
        int r = 0;

        g_hash_table_iter_init(&i, manager->networks);
        while (r >= 0 && g_hash_table_iter_next(&i, NULL, &p)) {
                Network *n = p;

                if (!g_hash_table_steal_extended(n->leases, from, &name, &lease))
                        continue;
                g_free(name);
                g_hash_table_replace(n->leases, g_strdup(to), lease);
                network_note(n);
                r = network_write_state(n, reterr);
        }
        return r;
}

static bool is_lost(Manager *manager, const char *machine)
{
        return !manager_find(manager, machine) && definition_is_gone(manager->root, machine);
}

void networks_forget_lost(Manager *manager)
{
        GHashTableIter i, k;
        void *p, *machine;

        g_hash_table_iter_init(&i, manager->networks);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                Network *n = p;
                guint before = g_hash_table_size(n->leases);

                g_hash_table_iter_init(&k, n->leases);
                while (g_hash_table_iter_next(&k, &machine, NULL))
                        if (is_lost(manager, machine))
                                g_hash_table_iter_remove(&k);
                if (g_hash_table_size(n->leases) != before)
                        network_leases_changed(n);
        }
}
