/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network-ports.h"

#include "base/text.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/network-internal.h"

#include <string.h>
#include <sys/socket.h>

#define OWNER_MAX     256
#define PORT_TEXT_MAX (NET_ADDRESS_TEXT_MAX + 32)

/* ---- who has it ---- */

static bool addresses_meet(const NetAddress *a, const NetAddress *b)
{
        return a->family == b->family && (net_address_is_unspecified(a) ||
                                          net_address_is_unspecified(b) || net_address_equal(a, b));
}

static bool ports_meet(const MemberPort *a, const MemberPort *b)
{
        return a->protocol == b->protocol && addresses_meet(&a->host, &b->host) &&
               a->host_port < b->host_port + b->count && b->host_port < a->host_port + a->count;
}

static const MemberPort *find_port(GArray *ports, const MemberPort *p)
{
        for (guint i = 0; i < ports->len; i++)
                if (ports_meet(&g_array_index(ports, MemberPort, i), p))
                        return &g_array_index(ports, MemberPort, i);
        return NULL;
}

/* The first port that both want. */
static const char *common_port(const MemberPort *p, const MemberPort *other,
                               char ret[static PORT_TEXT_MAX])
{
        char address[NET_ADDRESS_TEXT_MAX];
        bool six = p->host.family == AF_INET6;

        (void)g_snprintf(ret, PORT_TEXT_MAX, "%s%s%s:%u/%s", six ? "[" : "",
                         net_address_format(&p->host, false, address), six ? "]" : "",
                         MAX(p->host_port, other->host_port), port_protocol_name(p->protocol));
        return ret;
}

/* ---- where to ---- */

static NetAddress target(const MachineNetwork *mn, int family)
{
        for (guint i = 0; i < mn->links->len; i++) {
                const MachineLink *l = machine_network_link(mn, i);

                for (size_t k = 0; l->network && k < l->n_addresses; k++)
                        if (l->addresses[k].family == family)
                                return l->addresses[k];
        }
        return (NetAddress){0};
}

static int add(const MachineNetwork *mn, GArray *ports, const PortEntry *e, const NetAddress *host,
               Fault *reterr)
{
        MemberPort p = {
                .protocol = e->udp ? PORT_UDP : PORT_TCP,
                .host = *host,
                .host_port = e->host_port,
                .guest_port = e->guest_port,
                .count = e->count,
                .guest4 = target(mn, AF_INET),
                .guest6 = target(mn, AF_INET6),
        };
        char text[PORT_TEXT_MAX];

        if (!p.guest4.family && !p.guest6.family)
                return fault_set(
                        reterr, FAULT_INVALID_OPTION, EINVAL,
                        "Machine '%s' publishes ports, which takes an address in a network "
                        "of lodge's",
                        mn->machine->name);
        if (ports->len >= NETWORK_PORTS_MAX)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "Machine '%s' publishes more than %d ports and ranges",
                                 mn->machine->name, NETWORK_PORTS_MAX);
        const MemberPort *same = find_port(ports, &p);
        if (same)
                return fault_set(reterr, FAULT_EXISTS, EEXIST,
                                 "Machine '%s' publishes port %s already", mn->machine->name,
                                 common_port(&p, same, text));
        g_array_append_val(ports, p);
        return 0;
}

/* Loopback is two addresses. */
static int expand(const MachineNetwork *mn, GArray *ports, const PortEntry *e, Fault *reterr)
{
        NetAddress loopback4, loopback6;
        int r = 0;

        if (e->host.family)
                return add(mn, ports, e, &e->host, reterr);
        (void)net_address_parse("127.0.0.1", NET_PREFIX_NONE, &loopback4);
        (void)net_address_parse("::1", NET_PREFIX_NONE, &loopback6);
        r = add(mn, ports, e, &loopback4, reterr);
        if (r >= 0 && network_host_has_ipv6())
                r = add(mn, ports, e, &loopback6, reterr);
        return r;
}

static int check_free(const MachineNetwork *mn, const MemberPort *p, Fault *reterr)
{
        char text[PORT_TEXT_MAX];
        GHashTableIter i;
        void *m;

        g_hash_table_iter_init(&i, mn->machine->manager->machines);
        while (g_hash_table_iter_next(&i, NULL, &m)) {
                const MachineNetwork *other = ((Machine *)m)->network;
                const MemberPort *same = other && other != mn ? find_port(other->ports, p) : NULL;

                if (same)
                        return fault_set(reterr, FAULT_BUSY, EADDRINUSE,
                                         "Port %s is published by machine '%s'",
                                         common_port(p, same, text), other->machine->name);
        }
        return 0;
}

int ports_update(MachineNetwork *mn, Fault *reterr)
{
        GArray *ports = g_array_new(FALSE, TRUE, sizeof(MemberPort));
        int r = 0;

        for (guint i = 0; i < mn->published->len && r >= 0; i++)
                r = expand(mn, ports, &g_array_index(mn->published, PortEntry, i), reterr);
        for (guint i = 0; i < ports->len && r >= 0; i++)
                r = check_free(mn, &g_array_index(ports, MemberPort, i), reterr);
        if (r < 0) {
                g_array_unref(ports);
                return r;
        }
        g_array_unref(mn->ports);
        mn->ports = ports;
        return 0;
}

bool ports_is_taken(const Frame *reply, const Fault *fault, char **ret_item)
{
        const char *item = reply ? frame_string(reply, FRAME_ITEM) : NULL;

        if (!item || !fault || fault->error != EADDRINUSE)
                return false;
        *ret_item = g_strdup(item);
        return true;
}

void ports_taken(const char *item, const Frame *owner, Fault *ret)
{
        const char *who = owner ? frame_string(owner, FRAME_MESSAGE) : NULL;
        _cleanup_free_ char *shown = text_for_display(who ?: "", OWNER_MAX);
        g_auto(GStrv) words = g_strsplit(item, " ", 4);
        bool known = g_strv_length(words) == 3, six = known && strchr(words[1], ':');
        _cleanup_free_ char *port =
                known ? g_strdup_printf("%s%s%s:%s/%s", six ? "[" : "", words[1], six ? "]" : "",
                                        words[2], words[0])
                      : text_for_display(item, OWNER_MAX);

        (void)fault_set(ret, FAULT_BUSY, EADDRINUSE, "Port %s is in use by %s", port ?: "",
                        shown && *shown ? shown : "another program of this host");
}

/* ---- egress ---- */

void ports_add_egress(GArray *rules, const EgressEntry *e)
{
        EgressRule rule = {.to = e->to, .protocol = -1, .first = 0, .last = 65535};

        if (e->none)
                return;
        if (!e->tcp && !e->udp) {
                g_array_append_val(rules, rule);
                return;
        }
        rule.first = e->first;
        rule.last = e->last;
        for (int p = 0; p < _PORT_PROTOCOL_MAX; p++) {
                rule.protocol = p;
                if (p == PORT_TCP ? e->tcp : e->udp)
                        g_array_append_val(rules, rule);
        }
}
