/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network of a unit that runs, on disk: in its runtime directory, which systemd removes when
 * the unit has ended. For the lodged that comes after this one. */
#include "core/machine-network.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/network-internal.h"
#include "core/network-ports.h"
#include "core/store.h"
#include "spec/ini.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define FILE_NAME     "network"
#define FILE_SIZE_MAX (1U << 20)

static char *directory_of(const Machine *m)
{
        return g_strconcat(m->manager->root, LODGE_RUNTIME_UNITS "/", m->name, NULL);
}

/* ---- writing ---- */

/* Link=INSIDE HOST NETWORK MAC NUMBER ADDRESS.. ENTRY; "-": none. An entry has no spaces. */
static void append_link(GString *s, const MachineLink *l)
{
        char text[NET_ADDRESS_TEXT_MAX];

        g_string_append_printf(s, "Link=%s %s %s %" PRIu64 " %d", l->inside,
                               *l->host ? l->host : "-", l->network ?: "-", l->mac,
                               l->is_veth ? (int)l->number : -1);
        for (size_t i = 0; i < l->n_addresses; i++)
                g_string_append_printf(s, " %s", net_address_format(&l->addresses[i], true, text));
        g_string_append_printf(s, " %s\n", l->entry);
}

int machine_network_save(const Machine *m, Fault *reterr)
{
        const MachineNetwork *mn = m->network;
        _cleanup_free_ char *path = directory_of(m);
        _cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_autoptr(GString) s = g_string_new("[Network]\n");

        for (guint i = 0; i < mn->links->len; i++)
                append_link(s, machine_network_link(mn, i));
        for (guint i = 0; i < mn->published->len; i++) {
                _cleanup_free_ char *text = NULL;

                if (port_entry_format(&g_array_index(mn->published, PortEntry, i), &text) < 0)
                        return -ENOMEM;
                g_string_append_printf(s, "Port=%s\n", text);
        }
        STRV_FOREACH (text, mn->egress_entries)
                g_string_append_printf(s, "Egress=%s\n", *text);
        g_string_append_printf(s, "In=%" PRIu64 "\nOut=%" PRIu64 "\n", mn->bandwidth.in,
                               mn->bandwidth.out);
        int r = dir < 0 ? -errno : write_file_atomic_at(dir, FILE_NAME, s->str, s->len, 0600);
        return r < 0 ? fault_set(reterr, store_fault_code(r), r, "Cannot write %s/%s: %s", path,
                                 FILE_NAME, strerror(-r))
                     : 0;
}

/* ---- reading ---- */

static int read_addresses(char *const *words, size_t n, MachineLink *l)
{
        if (n > ELEMENTSOF(l->addresses))
                return -EINVAL;
        for (size_t i = 0; i < n; i++)
                if (net_address_parse(words[i], NET_PREFIX_REQUIRED, &l->addresses[i]) < 0)
                        return -EINVAL;
        l->n_addresses = n;
        return 0;
}

static bool copy_name(const char *word, char ret[static NETWORK_LINK_NAME_MAX])
{
        return link_name_is_valid(word) &&
               g_strlcpy(ret, word, NETWORK_LINK_NAME_MAX) < NETWORK_LINK_NAME_MAX;
}

static int read_words(char *const *words, size_t n, MachineLink *l, const char **ret_network,
                      const char **ret_entry)
{
        uint64_t number = 0;

        l->is_veth = n >= 6 && !streq(words[4], "-1");
        if (n < 6 || !copy_name(words[0], l->inside) ||
            (!streq(words[1], "-") && !copy_name(words[1], l->host)) ||
            parse_u64(words[3], (UINT64_C(1) << 48) - 1, &l->mac) < 0 ||
            (l->is_veth && parse_u64(words[4], NETWORK_LINKS_MAX, &number) < 0) ||
            read_addresses(words + 5, n - 6, l) < 0)
                return -EINVAL;
        l->number = (unsigned)number;
        *ret_network = streq(words[2], "-") ? NULL : words[2];
        *ret_entry = words[n - 1];
        return 0;
}

static int read_link(MachineNetwork *mn, const char *value)
{
        g_auto(GStrv) words = g_strsplit(value, " ", -1);
        _cleanup_network_entry_ NetworkEntry e = {0};
        const char *network, *entry, *why;
        MachineLink l = {0};
        int r = read_words(words, g_strv_length(words), &l, &network, &entry);

        if (r < 0 || mn->links->len >= NETWORK_LINKS_MAX ||
            network_entry_parse(entry, &e, &why) < 0 || !network_kind_has_link(e.kind) ||
            (network && (e.kind != NETWORK_KIND_NETWORK || !streq(e.argument, network))))
                return -EINVAL;
        l.network = g_strdup(network);
        l.entry = g_strdup(entry);
        g_array_append_val(mn->links, l);
        return 0;
}

static int read_port(MachineNetwork *mn, const char *value)
{
        const char *why;
        PortEntry e;

        if (mn->published->len >= NETWORK_PORTS_MAX || port_entry_parse(value, &e, &why) < 0)
                return -EINVAL;
        g_array_append_val(mn->published, e);
        return 0;
}

static bool knows_section(void *userdata, const char *section)
{
        return streq(section, "Network");
}

static int assign(void *userdata, const char *section, const char *key, const char *value,
                  Fault *reterr)
{
        MachineNetwork *mn = userdata;
        int r = -EINVAL;

        if (streq(key, "Link"))
                r = read_link(mn, value);
        else if (streq(key, "Port"))
                r = read_port(mn, value);
        else if (streq(key, "Egress"))
                r = strv_push(&mn->egress_entries, value);
        else if (streq(key, "In"))
                r = parse_u64(value, BANDWIDTH_MAX, &mn->bandwidth.in);
        else if (streq(key, "Out"))
                r = parse_u64(value, BANDWIDTH_MAX, &mn->bandwidth.out);
        return r < 0 ? fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s is not valid", key) : 0;
}

static int read_file(const Machine *m, MachineNetwork *mn, Fault *reterr)
{
        static const IniReader reader = {knows_section, assign, FILE_SIZE_MAX};
        _cleanup_free_ char *directory = directory_of(m), *text = NULL;
        _cleanup_free_ char *path = g_strconcat(directory, "/" FILE_NAME, NULL);
        _cleanup_strv_free_ char **egress = NULL;
        size_t n = 0;
        int r = read_file_at(AT_FDCWD, path, FILE_SIZE_MAX, &text, &n);

        if (r == -ENOENT || r == -ENOTDIR)
                return r; /* it has none, or no plan yet */
        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r, "Cannot read %s: %s", path, strerror(-r));
        r = ini_parse(path, text, n, &reader, mn, reterr);
        if (r < 0)
                return r;
        egress = TAKE_PTR(mn->egress_entries);
        return machine_network_set_egress(mn, egress, reterr);
}

/* The machine has these addresses, whatever is written down elsewhere. */
static void take_up(MachineNetwork *mn)
{
        Manager *manager = mn->machine->manager;

        for (guint i = 0; i < mn->links->len; i++) {
                MachineLink *l = machine_network_link(mn, i);
                NetworkLease lease = {.n = l->n_addresses};

                if (!l->network)
                        continue;
                mn->is_member = true;
                (void)memcpy(lease.addresses, l->addresses, sizeof(lease.addresses));
                network_set_lease(network_ensure(manager, l->network), mn->machine->name, &lease);
        }
        machine_network_update_use(manager, mn->links);
}

void machine_network_adopt(Machine *m)
{
        _cleanup_fault_ Fault f = {0};

        if (m->network)
                return;
        m->network = machine_network_new(m);
        int r = read_file(m, m->network, &f);
        if (r >= 0) {
                take_up(m->network);
                r = ports_update(m->network, &f);
        }
        if (r == -ENOENT || r == -ENOTDIR) {
                machine_network_free(m);
                return;
        }
        if (f.code != FAULT_NONE)
                manager_warn(m->manager, m->name, f.message);
        m->network->is_ready = true;
        machine_network_changed(m);
}
