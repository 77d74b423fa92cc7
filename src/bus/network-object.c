/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networks as objects, and what machines show of theirs. */
#include "base/text.h"
#include "bus/named-value.h"
#include "bus/objects.h"
#include "core/network.h"

#include <sys/socket.h>

static const char *state_of(const Network *n)
{
        return n->load_error.message ? "broken" : n->is_up ? "up" : "down";
}

static int append_addresses(const Network *n, bool gateways, sd_bus_message *reply)
{
        char text[NET_ADDRESS_TEXT_MAX];
        int r = sd_bus_message_open_container(reply, 'a', "s");

        for (size_t i = 0; r >= 0 && i < n->n_subnets; i++) {
                NetAddress a = gateways ? network_gateway(n, i) : n->subnets[i];

                r = sd_bus_message_append_basic(reply, 's',
                                                net_address_format(&a, !gateways, text));
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
        return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

static int append_members(const Network *n, sd_bus_message *reply)
{
        GPtrArray *names = network_members(n);
        int r = sd_bus_message_open_container(reply, 'a', "s");

        g_ptr_array_sort(names, compare_names);
        for (guint i = 0; r >= 0 && i < names->len; i++)
                r = sd_bus_message_append_basic(reply, 's', g_ptr_array_index(names, i));
        g_ptr_array_free(names, TRUE);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_lease(sd_bus_message *reply, const char *machine, const NetworkLease *lease)
{
        char text[NET_ADDRESS_TEXT_MAX];
        int r = 0;

        for (size_t i = 0; r >= 0 && i < lease->n; i++)
                r = sd_bus_message_append(reply, "(ss)", machine,
                                          net_address_format(&lease->addresses[i], false, text));
        return r;
}

static int append_leases(const Network *n, sd_bus_message *reply)
{
        GList *names = g_list_sort(g_hash_table_get_keys(n->leases), (GCompareFunc)g_strcmp0);
        int r = sd_bus_message_open_container(reply, 'a', "(ss)");

        for (GList *i = names; r >= 0 && i; i = i->next)
                r = append_lease(reply, i->data, g_hash_table_lookup(n->leases, i->data));
        g_list_free(names);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_list(const Network *n, const char *property, sd_bus_message *reply)
{
        if (streq(property, "Labels"))
                return bus_append_labels(reply, n->settings.labels);
        if (streq(property, "Subnets"))
                return append_addresses(n, false, reply);
        if (streq(property, "Gateways"))
                return append_addresses(n, true, reply);
        if (streq(property, "Machines"))
                return append_members(n, reply);
        return append_leases(n, reply);
}

int bus_append_network(const void *object, const char *property, sd_bus_message *reply)
{
        const Network *n = object;
        const NetworkSettings *s = &n->settings;
        const NamedValue values[] = {
                NAMED_TEXT("Name", n->name),
                NAMED_TEXT("Description", s->description),
                NAMED_TEXT("Path", n->path),
                NAMED_TEXT("Bridge", n->bridge),
                NAMED_TEXT("State", state_of(n)),
                NAMED_TEXT("LoadError", n->load_error.message),
                NAMED_BOOL("Internal", s->internal),
                NAMED_BOOL("NAT", s->nat),
                NAMED_BOOL("DNS", s->names),
                NAMED_UINT32("MTU", s->mtu),
                NAMED_UINT32("Owner", s->owner),
                NAMED_UINT64("CreatedTimestamp", s->created_usec),
        };
        int r = named_value_append(reply, values, ELEMENTSOF(values), property);

        return r != 0 ? r : append_list(n, property, reply);
}

/* ---- of machines ---- */

/* "bridge=br0" for one that is in no network of lodge's: its entry without the options. */
static int append_link(sd_bus_message *reply, const MachineLink *l, int family)
{
        _cleanup_free_ char *entry = g_strndup(l->entry, strcspn(l->entry, ":"));
        char text[NET_ADDRESS_TEXT_MAX];
        int r = 0;

        for (size_t i = 0; r >= 0 && i < l->n_addresses; i++)
                if (l->addresses[i].family == family)
                        r = sd_bus_message_append(reply, "(sss)", l->network ?: entry, l->inside,
                                                  net_address_format(&l->addresses[i], true, text));
        return r;
}

int bus_append_machine_addresses(sd_bus_message *reply, const Machine *m)
{
        static const int families[] = {AF_INET, AF_INET6};
        size_t n;
        const MachineLink *links = machine_links(m, &n);
        int r = sd_bus_message_open_container(reply, 'a', "(sss)");

        for (size_t f = 0; f < ELEMENTSOF(families); f++)
                for (size_t i = 0; r >= 0 && i < n; i++)
                        r = append_link(reply, &links[i], families[f]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

int bus_append_machine_bandwidth(sd_bus_message *reply, const Machine *m)
{
        _cleanup_free_ char *text = NULL;
        int r = bandwidth_format(machine_bandwidth(m), &text);

        return r < 0 ? r : sd_bus_message_append(reply, "s", text ?: "");
}

int bus_append_machine_ports(sd_bus_message *reply, const Machine *m)
{
        char text[NET_ADDRESS_TEXT_MAX];
        size_t n;
        const MemberPort *ports = machine_ports(m, &n);
        int r = sd_bus_message_open_container(reply, 'a', "(ssqqq)");

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = sd_bus_message_append(reply, "(ssqqq)", port_protocol_name(ports[i].protocol),
                                          net_address_format(&ports[i].host, false, text),
                                          ports[i].host_port, ports[i].guest_port, ports[i].count);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}
