/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a network and a member have in the sets of our tables. */
#include "net/rules.h"

#include "net/egress.h"
#include "net/rules-item.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* nft(8)'s limit lets one second's worth through at once. Below this a large packet of a segmented
 * stream would never pass. */
#define BUCKET_MIN 65536U

/* The machine's own end of the link keeps the rate, without loss (PLAN_RATE). This is for a machine
 * that has changed that. */
#define ENFORCED_PERCENT 105U

static const char *text_of(const NetAddress *a, char ret[static NET_ADDRESS_TEXT_MAX])
{
        return net_address_format(a, false, ret);
}

static RuleSet by_family(const NetAddress *a, RuleSet set4, RuleSet set6)
{
        return a->family == AF_INET ? set4 : set6;
}

GPtrArray *rules_of_network(const NetworkRecord *n)
{
        GPtrArray *items = rule_items_new();
        char text[NET_ADDRESS_TEXT_MAX];

        rule_items_add(items, RULE_BRIDGES, NULL, "\"%s\"", n->bridge);
        rule_items_add(items, RULE_SAME, NULL, "\"%s\" . \"%s\"", n->bridge, n->bridge);
        if (n->flags & NETWORK_INTERNAL)
                rule_items_add(items, RULE_INTERNAL, NULL, "\"%s\"", n->bridge);
        else if (n->flags & NETWORK_NAT)
                rule_items_add(items, RULE_NAT, NULL, "\"%s\"", n->bridge);
        for (size_t i = 0; i < n->n_gateways; i++) {
                const NetAddress *g = &n->gateways[i];

                rule_items_add(items, by_family(g, RULE_OWN4, RULE_OWN6), NULL, "%s",
                               text_of(g, text));
                rule_items_add(items, by_family(g, RULE_GATEWAYS4, RULE_GATEWAYS6), NULL,
                               "\"%s\" . %s", n->bridge, text_of(g, text));
        }
        return items;
}

/* As a number: see targets6 in rules-text.c. */
static void add_target(GPtrArray *items, const char *link, const NetAddress *a)
{
        g_autoptr(GString) hex = g_string_new("0x");

        for (size_t i = 0; i < net_address_size(a); i++)
                g_string_append_printf(hex, "%02x", a->bytes[i]);
        rule_items_add(items, RULE_TARGETS6, NULL, "\"%s\" . %s", link, hex->str);
}

static void add_egress_box(GPtrArray *items, const NetAddress *from, const EgressBox *b)
{
        char source[NET_ADDRESS_TEXT_MAX], to[NET_ADDRESS_TEXT_MAX];
        g_autofree char *what =
                g_strdup_printf("%s . %s . %u-%u . %u-%u", text_of(from, source),
                                net_address_format(&b->to, true, to), b->protocol_first,
                                b->protocol_last, b->first, b->last);

        rule_items_add(items, by_family(from, RULE_EGRESS4, RULE_EGRESS6), NULL, "%s", what);
        rule_items_add(items, by_family(from, RULE_LINKS_EGRESS4, RULE_LINKS_EGRESS6), NULL, "%s",
                       what);
}

static void add_egress(GPtrArray *items, const MemberRecord *m, const NetAddress *from)
{
        char text[NET_ADDRESS_TEXT_MAX];
        g_autoptr(GArray) boxes = egress_boxes(m->egress, m->n_egress);

        rule_items_add(items, by_family(from, RULE_RESTRICTED4, RULE_RESTRICTED6), NULL, "%s",
                       text_of(from, text));
        for (guint i = 0; i < boxes->len; i++)
                if (g_array_index(boxes, EgressBox, i).to.family == from->family)
                        add_egress_box(items, from, &g_array_index(boxes, EgressBox, i));
}

static void add_address(GPtrArray *items, const MemberRecord *m, const MemberLink *l,
                        const NetworkRecord *n, const NetAddress *a)
{
        char mac[MAC_TEXT_MAX], text[NET_ADDRESS_TEXT_MAX];

        (void)text_of(a, text);
        rule_items_add(items, by_family(a, RULE_MEMBERS4, RULE_MEMBERS6), NULL, "\"%s\" . %s",
                       n->bridge, text);
        rule_items_add(items, by_family(a, RULE_SOURCES4, RULE_SOURCES6), NULL, "\"%s\" . %s . %s",
                       l->link, mac_format(l->mac, mac), text);
        if (a->family == AF_INET6)
                add_target(items, l->link, a);
        if (m->has_egress)
                add_egress(items, m, a);
}

static void add_rate(GPtrArray *items, const MemberRecord *m, const MemberLink *l)
{
        uint64_t bytes = MAX(m->rate / 8 / 100 * ENFORCED_PERCENT, 1);
        uint64_t burst = bytes < BUCKET_MIN ? BUCKET_MIN - bytes : 0;
        g_autofree char *limit = NULL, *name = NULL, *quoted = NULL;

        /* a limit cannot be changed: another rate is another object */
        name = g_strdup_printf("%s-%" PRIu64, l->link, m->rate);
        quoted = g_strdup_printf("\"%s\"", name);
        limit = g_strdup_printf("rate over %" PRIu64 " bytes/second burst %" PRIu64 " bytes", bytes,
                                burst);
        rule_items_add(items, RULE_LIMITS, limit, "%s", name);
        rule_items_add(items, RULE_RATES, quoted, "\"%s\"", l->link);
}

static void add_link(GPtrArray *items, const MemberRecord *m, const MemberLink *l,
                     const NetworkRecord *n)
{
        NetAddress local = mac_link_local(l->mac);
        char mac[MAC_TEXT_MAX];

        rule_items_add(items, RULE_LINKS, NULL, "\"%s\"", l->link);
        rule_items_add(items, RULE_MIRROR, NULL, "\"%s\" . \"%s\"", l->link, l->link);
        rule_items_add(items, RULE_MACS, NULL, "\"%s\" . %s", l->link, mac_format(l->mac, mac));
        for (size_t i = 0; i < l->n_addresses; i++)
                add_address(items, m, l, n, &l->addresses[i]);
        add_address(items, m, l, n, &local);
        if (m->has_egress)
                rule_items_add(items, RULE_LINKS_RESTRICTED, NULL, "\"%s\"", l->link);
        if (m->rate > 0)
                add_rate(items, m, l);
}

static const NetAddress *target_of(const MemberPort *p)
{
        const NetAddress *a = p->host.family == AF_INET ? &p->guest4 : &p->guest6;

        return a->family ? a : NULL; /* lodge-relay knows how to get to the other family */
}

/* A name would need /etc/protocols. */
static unsigned number_of(PortProtocol p)
{
        return p == PORT_TCP ? IPPROTO_TCP : IPPROTO_UDP;
}

static char *endpoint(const NetAddress *a, unsigned port)
{
        char text[NET_ADDRESS_TEXT_MAX];

        return g_strdup_printf("%s . %u", text_of(a, text), port);
}

/* Open on the host: nothing for ::1, see rules-text.c. */
static void add_host_port(GPtrArray *items, const MemberPort *p, unsigned i)
{
        const NetAddress *to = target_of(p);
        unsigned protocol = number_of(p->protocol);
        unsigned port = p->host_port + i;
        char host[NET_ADDRESS_TEXT_MAX];
        g_autofree char *value = to ? endpoint(to, p->guest_port + i) : NULL;

        if (!to)
                return;
        if (net_address_is_unspecified(&p->host))
                rule_items_add(items, by_family(to, RULE_ANY4, RULE_ANY6), value, "%u . %u",
                               protocol, port);
        else if (!net_address_is_loopback(&p->host))
                rule_items_add(items, by_family(to, RULE_PORTS4, RULE_PORTS6), value,
                               "%s . %u . %u", text_of(&p->host, host), protocol, port);
        else if (to->family == AF_INET)
                rule_items_add(items, RULE_LOCAL4, value, "%s . %u . %u", text_of(&p->host, host),
                               protocol, port);
}

static const NetAddress *address_of(const NetAddress *a, size_t n, int family)
{
        for (size_t i = 0; i < n; i++)
                if (a[i].family == family)
                        return &a[i];
        return NULL;
}

/* For the machines of the same network, at each gateway of it. */
static void add_near_ports(GPtrArray *items, const MemberPort *p, const MemberLink *l,
                           const NetworkRecord *n, const NetAddress *gateway)
{
        const NetAddress *to = address_of(l->addresses, l->n_addresses, gateway->family);
        char text[NET_ADDRESS_TEXT_MAX];

        if (!to || gateway->family != p->host.family || !net_address_is_loopback(&p->host))
                return;
        for (unsigned i = 0; i < p->count; i++) {
                g_autofree char *value = endpoint(to, p->guest_port + i);

                rule_items_add(items, by_family(gateway, RULE_NEAR4, RULE_NEAR6), value,
                               "\"%s\" . %s . %u . %u", n->bridge, text_of(gateway, text),
                               number_of(p->protocol), p->host_port + i);
        }
}

static void add_port(GPtrArray *items, const MemberRecord *m, const MemberPort *p,
                     GHashTable *networks)
{
        for (unsigned i = 0; i < p->count; i++)
                add_host_port(items, p, i);
        for (size_t i = 0; i < m->n_links; i++) {
                const NetworkRecord *n = g_hash_table_lookup(networks, m->links[i].network);

                for (size_t k = 0; n && k < n->n_gateways; k++)
                        add_near_ports(items, p, &m->links[i], n, &n->gateways[k]);
        }
}

GPtrArray *rules_of_member(const MemberRecord *m, GHashTable *networks)
{
        GPtrArray *items = rule_items_new();

        for (size_t i = 0; i < m->n_links; i++) {
                const NetworkRecord *n = g_hash_table_lookup(networks, m->links[i].network);

                if (n)
                        add_link(items, m, &m->links[i], n);
        }
        for (size_t i = 0; i < m->n_ports; i++)
                add_port(items, m, &m->ports[i], networks);
        return items;
}
