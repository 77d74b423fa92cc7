/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/bridge.h"

#include "base/text.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#define ALIAS_PREFIX "lodge network "
#define ALIAS_MAX    (sizeof(ALIAS_PREFIX) + NETWORK_NAME_MAX)

/* Of Linux 6.3; the headers may be older. Unknown ones are ignored by the kernel. */
#define LINK_GSO_IPV4_MAX_SIZE 63
#define LINK_GRO_IPV4_MAX_SIZE 64

/* An interface as it is. */
typedef struct Link {
        unsigned index; /* 0: there is none */
        bool is_bridge;
        char name[IFNAMSIZ];
        char alias[ALIAS_MAX];
        uint64_t mac;
        uint32_t mtu;
        bool has_carrier;
} Link;

/* ---- reading ---- */

static bool is_bridge(const struct nlattr *linkinfo)
{
        const struct nlattr *a;

        mnl_attr_for_each_nested(a, linkinfo) if (mnl_attr_get_type(a) ==
                                                  IFLA_INFO_KIND) return streq(mnl_attr_get_str(a),
                                                                               "bridge");
        return false;
}

static uint64_t mac_of(const struct nlattr *a)
{
        const uint8_t *bytes = mnl_attr_get_payload(a);
        uint64_t mac = 0;

        for (size_t i = 0; mnl_attr_get_payload_len(a) == 6 && i < 6; i++)
                mac = mac << 8 | bytes[i];
        return mac;
}

/* A longer one is not ours. */
static void copy_text(const struct nlattr *a, char *ret, size_t size)
{
        const char *text = mnl_attr_get_str(a);

        if (strlen(text) < size)
                (void)memcpy(ret, text, strlen(text) + 1);
}

static void read_attribute(const struct nlattr *a, Link *l)
{
        switch (mnl_attr_get_type(a)) {
        case IFLA_IFNAME: copy_text(a, l->name, sizeof(l->name)); break;
        case IFLA_IFALIAS: copy_text(a, l->alias, sizeof(l->alias)); break;
        case IFLA_ADDRESS: l->mac = mac_of(a); break;
        case IFLA_MTU: l->mtu = mnl_attr_get_u32(a); break;
        case IFLA_CARRIER: l->has_carrier = mnl_attr_get_u8(a); break;
        case IFLA_LINKINFO: l->is_bridge = is_bridge(a); break;
        default: break;
        }
}

static Link read_link(const struct nlmsghdr *h)
{
        const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
        Link l = {.index = (unsigned)i->ifi_index};
        const struct nlattr *a;

        mnl_attr_for_each(a, h, sizeof(*i)) read_attribute(a, &l);
        return l;
}

static int on_link(const struct nlmsghdr *h, void *userdata)
{
        *(Link *)userdata = read_link(h);
        return MNL_CB_OK;
}

static struct nlmsghdr *begin_link(void *buf, uint16_t type, uint16_t flags, unsigned index,
                                   const char *name)
{
        struct nlmsghdr *h = netlink_begin(buf, type, flags);
        struct ifinfomsg *i = mnl_nlmsg_put_extra_header(h, sizeof(*i));

        i->ifi_index = (int)index;
        if (name)
                mnl_attr_put_strz(h, IFLA_IFNAME, name);
        return h;
}

/* Return: 0, ret->index 0 if there is none; negative errno. */
static int find(Netlink *route, const char *name, Link *ret)
{
        char buf[NETLINK_REQUEST_MAX];

        *ret = (Link){0};
        int r = netlink_ask(route, begin_link(buf, RTM_GETLINK, 0, 0, name), on_link, ret);
        return r == -ENODEV ? 0 : r;
}

static const char *network_of(const Link *l)
{
        if (!l->is_bridge || strncmp(l->alias, ALIAS_PREFIX, strlen(ALIAS_PREFIX)) != 0)
                return NULL;
        return l->alias + strlen(ALIAS_PREFIX);
}

/* Without an alias: the one that we were about to name when we were killed. */
static bool is_ours(const Link *l, const NetworkRecord *n)
{
        return streq(network_of(l), n->name) ||
               (l->is_bridge && !l->alias[0] && n->mac && l->mac == n->mac);
}

static int on_any_link(const struct nlmsghdr *h, void *userdata)
{
        Link l = read_link(h);

        if (network_of(&l))
                g_hash_table_insert(userdata, g_strdup(l.name), g_strdup(network_of(&l)));
        return MNL_CB_OK;
}

int bridge_list(Netlink *route, GHashTable **ret)
{
        g_autoptr(GHashTable) found =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        char buf[NETLINK_REQUEST_MAX];

        int r = netlink_ask(route, begin_link(buf, RTM_GETLINK, NLM_F_DUMP, 0, NULL), on_any_link,
                            found);
        if (r >= 0)
                *ret = g_steal_pointer(&found);
        return r;
}

int bridge_has_carrier(Netlink *route, const char *bridge)
{
        Link l;
        int r = find(route, bridge, &l);

        if (r < 0)
                return r;
        return l.index == 0 ? -ENODEV : l.has_carrier;
}

/* ---- making ---- */

static void put_mac(struct nlmsghdr *h, uint64_t mac)
{
        uint8_t bytes[6];

        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (uint8_t)(mac >> (40 - 8 * i));
        if (mac)
                mnl_attr_put(h, IFLA_ADDRESS, sizeof(bytes), bytes);
}

static int create(Netlink *route, const NetworkRecord *n)
{
        char buf[NETLINK_REQUEST_MAX];
        struct nlmsghdr *h = begin_link(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, n->bridge);

        put_mac(h, n->mac);
        struct nlattr *info = mnl_attr_nest_start(h, IFLA_LINKINFO);
        mnl_attr_put_strz(h, IFLA_INFO_KIND, "bridge");
        struct nlattr *data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
        /* A machine can be reached as soon as its link is there, and all of multicast reaches it:
         * nobody asks who wants it, and IPv6 needs it. */
        mnl_attr_put_u32(h, IFLA_BR_STP_STATE, 0);
        mnl_attr_put_u32(h, IFLA_BR_FORWARD_DELAY, 0);
        mnl_attr_put_u8(h, IFLA_BR_MCAST_SNOOPING, 0);
        mnl_attr_nest_end(h, data);
        mnl_attr_nest_end(h, info);
        return netlink_ask(route, h, NULL, NULL);
}

/* The same as net.ipv4.conf.BRIDGE.route_localnet=1, which lets answers to 127.0.0.1 back in (the
 * rules drop everything else that goes there); and the link-local address is ours to give. */
static void put_family_settings(struct nlmsghdr *h)
{
        struct nlattr *families = mnl_attr_nest_start(h, IFLA_AF_SPEC);
        struct nlattr *ipv4 = mnl_attr_nest_start(h, AF_INET);
        struct nlattr *conf = mnl_attr_nest_start(h, IFLA_INET_CONF);

        mnl_attr_put_u32(h, IPV4_DEVCONF_ROUTE_LOCALNET, 1);
        mnl_attr_nest_end(h, conf);
        mnl_attr_nest_end(h, ipv4);
        mnl_attr_nest_end(h, families);
}

static int put_ipv6_settings(Netlink *route, unsigned index)
{
        char buf[NETLINK_REQUEST_MAX];
        struct nlmsghdr *h = begin_link(buf, RTM_SETLINK, 0, index, NULL);
        struct nlattr *families = mnl_attr_nest_start(h, IFLA_AF_SPEC);
        struct nlattr *ipv6 = mnl_attr_nest_start(h, AF_INET6);

        mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
        mnl_attr_nest_end(h, ipv6);
        mnl_attr_nest_end(h, families);
        return netlink_ask(route, h, NULL, NULL);
}

void bridge_take_large_packets(Netlink *route, unsigned index)
{
        char buf[NETLINK_REQUEST_MAX];
        struct nlmsghdr *h = begin_link(buf, RTM_SETLINK, 0, index, NULL);

        mnl_attr_put_u32(h, IFLA_GSO_MAX_SIZE, BRIDGE_PACKET_MAX);
        mnl_attr_put_u32(h, IFLA_GRO_MAX_SIZE, BRIDGE_PACKET_MAX);
        mnl_attr_put_u32(h, LINK_GSO_IPV4_MAX_SIZE, BRIDGE_PACKET_MAX);
        mnl_attr_put_u32(h, LINK_GRO_IPV4_MAX_SIZE, BRIDGE_PACKET_MAX);
        (void)netlink_ask(route, h, NULL, NULL);
}

void bridge_reflect(Netlink *route, unsigned index)
{
        char buf[NETLINK_REQUEST_MAX];
        struct nlmsghdr *h = begin_link(buf, RTM_SETLINK, 0, index, NULL);
        struct ifinfomsg *i = mnl_nlmsg_get_payload(h);

        i->ifi_family = AF_BRIDGE;
        struct nlattr *info = mnl_attr_nest_start(h, IFLA_PROTINFO);
        mnl_attr_put_u8(h, IFLA_BRPORT_MODE, 1);
        mnl_attr_nest_end(h, info);
        (void)netlink_ask(route, h, NULL, NULL);
}

int bridge_attach(Netlink *route, const char *bridge, const char *link)
{
        char buf[NETLINK_REQUEST_MAX];
        Link master, port;
        int r = find(route, bridge, &master);

        if (r >= 0)
                r = find(route, link, &port);
        if (r < 0 || master.index == 0 || port.index == 0)
                return r < 0 ? r : -ENODEV;
        struct nlmsghdr *h = begin_link(buf, RTM_SETLINK, 0, port.index, NULL);
        mnl_attr_put_u32(h, IFLA_MASTER, master.index);
        return netlink_ask(route, h, NULL, NULL);
}

static int configure(Netlink *route, const Link *l, const NetworkRecord *n)
{
        char buf[NETLINK_REQUEST_MAX], alias[ALIAS_MAX];
        struct nlmsghdr *h = begin_link(buf, RTM_SETLINK, 0, l->index, NULL);
        struct ifinfomsg *i = mnl_nlmsg_get_payload(h);

        i->ifi_flags = i->ifi_change = IFF_UP;
        (void)snprintf(alias, sizeof(alias), ALIAS_PREFIX "%s", n->name);
        mnl_attr_put_str(h, IFLA_IFALIAS, alias);
        if (n->mac != l->mac)
                put_mac(h, n->mac);
        if (n->mtu && n->mtu != l->mtu)
                mnl_attr_put_u32(h, IFLA_MTU, n->mtu);
        put_family_settings(h);
        (void)put_ipv6_settings(route, l->index); /* a host without IPv6 has none */
        return netlink_ask(route, h, NULL, NULL);
}

/* ---- addresses ---- */

typedef struct Addresses {
        unsigned index;
        const NetAddress *wanted;
        size_t n_wanted;
        bool *is_there;
        GArray *others; /* of NetAddress */
} Addresses;

static bool read_address(const struct nlmsghdr *h, NetAddress *ret)
{
        const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
        const struct nlattr *a;
        uint16_t type = m->ifa_family == AF_INET ? IFA_LOCAL : IFA_ADDRESS;

        *ret = (NetAddress){.family = m->ifa_family, .prefix = m->ifa_prefixlen};
        mnl_attr_for_each(a, h,
                          sizeof(*m)) if (mnl_attr_get_type(a) == type &&
                                          mnl_attr_get_payload_len(a) == net_address_size(ret))
        {
                (void)memcpy(ret->bytes, mnl_attr_get_payload(a), net_address_size(ret));
                return true;
        }
        return false;
}

static int on_address(const struct nlmsghdr *h, void *userdata)
{
        const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
        Addresses *a = userdata;
        NetAddress found;

        if (m->ifa_index != a->index || !read_address(h, &found))
                return MNL_CB_OK;
        for (size_t i = 0; i < a->n_wanted; i++)
                if (net_address_equal(&found, &a->wanted[i]) &&
                    found.prefix == a->wanted[i].prefix) {
                        a->is_there[i] = true;
                        return MNL_CB_OK;
                }
        if (m->ifa_scope != RT_SCOPE_LINK)
                g_array_append_val(a->others, found);
        return MNL_CB_OK;
}

static int change_address(Netlink *route, uint16_t type, unsigned index, const NetAddress *a)
{
        char buf[NETLINK_REQUEST_MAX];
        struct nlmsghdr *h =
                netlink_begin(buf, type, type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_REPLACE : 0);
        struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

        m->ifa_family = (uint8_t)a->family;
        m->ifa_prefixlen = a->prefix;
        m->ifa_index = index;
        /* lodged knows that nobody else has it: no second of waiting */
        m->ifa_flags = a->family == AF_INET6 ? IFA_F_NODAD : 0;
        mnl_attr_put(h, IFA_LOCAL, net_address_size(a), a->bytes);
        mnl_attr_put(h, IFA_ADDRESS, net_address_size(a), a->bytes);
        int r = netlink_ask(route, h, NULL, NULL);
        if (type == RTM_DELADDR && r == -EADDRNOTAVAIL)
                return 0;
        /* IPv6 is off on this host: machines have to do without, lodgectl doctor says so */
        return a->family == AF_INET6 && (r == -EACCES || r == -EOPNOTSUPP || r == -EPERM) ? 0 : r;
}

static int set_addresses(Netlink *route, unsigned index, const NetworkRecord *n, Fault *reterr)
{
        NetAddress wanted[NETWORK_SUBNETS_MAX + 1] = {0};
        bool is_there[ELEMENTSOF(wanted)] = {0};
        g_autoptr(GArray) others = g_array_new(false, false, sizeof(NetAddress));
        Addresses a = {index, wanted, n->n_gateways + 1, is_there, others};
        char buf[NETLINK_REQUEST_MAX], text[NET_ADDRESS_TEXT_MAX];

        for (size_t i = 0; i < n->n_gateways; i++)
                wanted[i] = n->gateways[i];
        wanted[n->n_gateways] = mac_link_local(n->mac);
        struct nlmsghdr *h = netlink_begin(buf, RTM_GETADDR, NLM_F_DUMP);
        (void)mnl_nlmsg_put_extra_header(h, sizeof(struct ifaddrmsg));
        int r = netlink_ask(route, h, on_address, &a);
        for (guint i = 0; r >= 0 && i < others->len; i++)
                r = change_address(route, RTM_DELADDR, index,
                                   &g_array_index(others, NetAddress, i));
        for (size_t i = 0; r >= 0 && i < a.n_wanted; i++) {
                if (is_there[i])
                        continue;
                r = change_address(route, RTM_NEWADDR, index, &wanted[i]);
                if (r < 0)
                        return fault_set(
                                reterr, FAULT_FAILED, r,
                                "cannot give the bridge %s of network %s the address %s: %s",
                                n->bridge, n->name, net_address_format(&wanted[i], true, text),
                                strerror(-r));
        }
        return r;
}

/* ---- */

static int cannot_make(const NetworkRecord *n, int r, Fault *reterr)
{
        return fault_set(reterr, FAULT_FAILED, r, "cannot make the bridge %s of network %s: %s",
                         n->bridge, n->name, strerror(-r));
}

int bridge_set(Netlink *route, const NetworkRecord *n, Fault *reterr)
{
        Link l;
        int r = find(route, n->bridge, &l);

        if (r >= 0 && l.index > 0 && !is_ours(&l, n))
                return fault_set(reterr, FAULT_BUSY, EEXIST,
                                 "cannot make the bridge %s of network %s: this host has another "
                                 "interface of that name",
                                 n->bridge, n->name);
        if (r >= 0 && l.index == 0) {
                r = create(route, n);
                r = r < 0 ? r : find(route, n->bridge, &l);
        }
        if (r >= 0)
                r = configure(route, &l, n);
        if (r < 0)
                return cannot_make(n, r, reterr);
        r = set_addresses(route, l.index, n, reterr);
        return r < 0 ? cannot_make(n, r, reterr) : 0;
}

int bridge_remove(Netlink *route, const char *bridge, const char *network, Fault *reterr)
{
        char buf[NETLINK_REQUEST_MAX];
        Link l;
        int r = find(route, bridge, &l);

        if (r >= 0 && l.index > 0 && streq(network_of(&l), network))
                r = netlink_ask(route, begin_link(buf, RTM_DELLINK, 0, l.index, NULL), NULL, NULL);
        if (r < 0 && r != -ENODEV)
                return fault_set(reterr, FAULT_FAILED, r,
                                 "cannot delete the bridge %s of network %s: %s", bridge, network,
                                 strerror(-r));
        return 0;
}
