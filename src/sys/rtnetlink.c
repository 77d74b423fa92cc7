/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/rtnetlink.h"

#include "base/cleanup.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/socket.h>

/* BIG TCP: larger than 64 KiB, so that a byte needs fewer walks through the stack. A kernel that
 * knows them for IPv6 only (before 6.3) passes the last two over. */
#define GSO_MAX                200000
#define LINK_GRO_MAX_SIZE      58
#define LINK_GSO_IPV4_MAX_SIZE 63
#define LINK_GRO_IPV4_MAX_SIZE 64

int rtnetlink_open(Netlink *ret)
{
        return netlink_open(NETLINK_ROUTE, ret);
}

int rtnetlink_open_in(int netns, int own, Netlink *ret)
{
        return netlink_open_in(NETLINK_ROUTE, netns, own, ret);
}

/* ---- what there is ---- */

typedef struct Attributes {
        const void *data;
        size_t n;
} Attributes;

/* Copies at most what there is room for, and at most what there is; the rest stays as it was. */
static bool get(Attributes a, uint16_t type, void *ret, size_t size)
{
        size_t n;
        const void *p = netlink_attribute(a.data, a.n, type, &n);

        if (p)
                memcpy(ret, p, MIN2(n, size));
        return p;
}

static Attributes get_nested(Attributes a, uint16_t type)
{
        Attributes inner = {0};

        inner.data = netlink_attribute(a.data, a.n, type, &inner.n);
        return inner.data ? inner : (Attributes){0};
}

static uint64_t mac_number(const uint8_t mac[static 6])
{
        uint64_t v = 0;

        for (int i = 0; i < 6; i++)
                v = v << 8 | mac[i];
        return v;
}

static void mac_bytes(uint64_t v, uint8_t ret[static 6])
{
        for (int i = 5; i >= 0; i--, v >>= 8)
                ret[i] = (uint8_t)v;
}

static LinkStats read_stats(Attributes a)
{
        struct rtnl_link_stats64 s = {0};

        (void)get(a, IFLA_STATS64, &s, sizeof(s));
        return (LinkStats){
                .rx_bytes = s.rx_bytes,
                .rx_packets = s.rx_packets,
                .rx_drops = s.rx_dropped,
                .tx_bytes = s.tx_bytes,
                .tx_packets = s.tx_packets,
                .tx_drops = s.tx_dropped,
        };
}

static int read_link(const struct nlmsghdr *h, LinkInfo *ret)
{
        const struct ifinfomsg *i = NLMSG_DATA(h);
        uint8_t mac[6] = {0}, state = IF_OPER_UNKNOWN;

        if (h->nlmsg_type != RTM_NEWLINK || h->nlmsg_len < NLMSG_SPACE(sizeof(*i)))
                return -EBADMSG;
        Attributes a = {(const char *)h + NLMSG_SPACE(sizeof(*i)),
                        h->nlmsg_len - NLMSG_SPACE(sizeof(*i))};
        *ret = (LinkInfo){
                .index = i->ifi_index,
                .is_up = i->ifi_flags & IFF_UP,
                .is_loopback = i->ifi_flags & IFF_LOOPBACK,
                .stats = read_stats(a),
        };
        (void)get(a, IFLA_IFNAME, ret->name, sizeof(ret->name) - 1);
        (void)get(a, IFLA_MTU, &ret->mtu, sizeof(ret->mtu));
        (void)get(a, IFLA_MASTER, &ret->master, sizeof(ret->master));
        (void)get(a, IFLA_LINK, &ret->peer, sizeof(ret->peer));
        (void)get(get_nested(a, IFLA_LINKINFO), IFLA_INFO_KIND, ret->kind, sizeof(ret->kind) - 1);
        ret->is_running = get(a, IFLA_OPERSTATE, &state, sizeof(state)) && state == IF_OPER_UP;
        if (get(a, IFLA_ADDRESS, mac, sizeof(mac)))
                ret->mac = mac_number(mac);
        return 0;
}

static int take_link(const struct nlmsghdr *h, void *arg)
{
        return read_link(h, arg);
}

static void begin_link(NetlinkRequest *q, uint16_t type, uint16_t flags, struct ifinfomsg i)
{
        netlink_begin(q, type, flags, &i, sizeof(i));
}

int rtnetlink_link(Netlink *n, int index, const char *name, LinkInfo *ret)
{
        NetlinkRequest q;

        *ret = (LinkInfo){0};
        begin_link(&q, RTM_GETLINK, 0, (struct ifinfomsg){.ifi_index = index});
        if (name)
                netlink_add_string(&q, IFLA_IFNAME, name);
        return netlink_call(n, &q, take_link, ret);
}

typedef struct Walk {
        LinkFn fn;
        void *arg;
} Walk;

static int walk_link(const struct nlmsghdr *h, void *arg)
{
        const Walk *w = arg;
        LinkInfo info;

        int r = read_link(h, &info);
        return r < 0 ? r : w->fn(&info, w->arg);
}

int rtnetlink_links(Netlink *n, LinkFn fn, void *arg)
{
        Walk w = {fn, arg};
        NetlinkRequest q;

        begin_link(&q, RTM_GETLINK, NLM_F_DUMP, (struct ifinfomsg){0});
        return netlink_call(n, &q, walk_link, &w);
}

/* ---- what there is to be ---- */

static void add_target(NetlinkRequest *q, const LinkTarget *t)
{
        uint8_t mac[6];

        if (t->name)
                netlink_add_string(q, IFLA_IFNAME, t->name);
        if (t->netns >= 0)
                netlink_add_u32(q, IFLA_NET_NS_FD, (uint32_t)t->netns);
        if (t->mtu > 0)
                netlink_add_u32(q, IFLA_MTU, t->mtu);
        if (t->mac == 0)
                return;
        mac_bytes(t->mac, mac);
        netlink_add(q, IFLA_ADDRESS, mac, sizeof(mac));
}

/* The machine itself sends none by IPv6 (IFLA_GSO_MAX_SIZE): they would have another header, which
 * the kernel counts where it forwards them (ip6_pkt_too_big()), and call each of them too big. */
static void add_big_tcp(NetlinkRequest *q, bool inside)
{
        static const uint16_t sizes[] = {LINK_GRO_MAX_SIZE, LINK_GSO_IPV4_MAX_SIZE,
                                         LINK_GRO_IPV4_MAX_SIZE};

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++)
                netlink_add_u32(q, sizes[i], GSO_MAX);
        if (!inside)
                netlink_add_u32(q, IFLA_GSO_MAX_SIZE, GSO_MAX);
}

static size_t nest_kind(NetlinkRequest *q, const char *kind, size_t *ret_info)
{
        *ret_info = netlink_nest(q, IFLA_LINKINFO, NULL, 0);
        netlink_add_string(q, IFLA_INFO_KIND, kind);
        return netlink_nest(q, IFLA_INFO_DATA, NULL, 0);
}

static int add_veth(Netlink *n, const LinkTarget *end, int master, const LinkTarget *peer, bool big)
{
        const struct ifinfomsg other = {0};
        NetlinkRequest q;
        size_t info;

        begin_link(&q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, (struct ifinfomsg){0});
        add_target(&q, end);
        if (master > 0)
                netlink_add_u32(&q, IFLA_MASTER, (uint32_t)master);
        if (big)
                add_big_tcp(&q, false);
        size_t data = nest_kind(&q, "veth", &info);
        size_t nested = netlink_nest(&q, VETH_INFO_PEER, &other, sizeof(other));
        add_target(&q, peer);
        if (big)
                add_big_tcp(&q, true);
        netlink_nest_end(&q, nested);
        netlink_nest_end(&q, data);
        netlink_nest_end(&q, info);
        return netlink_call(n, &q, NULL, NULL);
}

int rtnetlink_add_veth(Netlink *n, const LinkTarget *end, int master, const LinkTarget *peer)
{
        int r = add_veth(n, end, master, peer, true);

        /* what else may be wrong is wrong again */
        return r == -EINVAL || r == -EOPNOTSUPP ? add_veth(n, end, master, peer, false) : r;
}

int rtnetlink_add_macvlan(Netlink *n, int below, const LinkTarget *end)
{
        NetlinkRequest q;
        size_t info;

        begin_link(&q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, (struct ifinfomsg){0});
        netlink_add_u32(&q, IFLA_LINK, (uint32_t)below);
        add_target(&q, end);
        size_t data = nest_kind(&q, "macvlan", &info);
        netlink_add_u32(&q, IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE);
        netlink_nest_end(&q, data);
        netlink_nest_end(&q, info);
        return netlink_call(n, &q, NULL, NULL);
}

int rtnetlink_change(Netlink *n, int index, const LinkTarget *to)
{
        NetlinkRequest q;

        begin_link(&q, RTM_SETLINK, 0, (struct ifinfomsg){.ifi_index = index});
        add_target(&q, to);
        return netlink_call(n, &q, NULL, NULL);
}

int rtnetlink_set_master(Netlink *n, int index, int master)
{
        NetlinkRequest q;

        begin_link(&q, RTM_SETLINK, 0, (struct ifinfomsg){.ifi_index = index});
        netlink_add_u32(&q, IFLA_MASTER, (uint32_t)master);
        return netlink_call(n, &q, NULL, NULL);
}

static void begin_up(NetlinkRequest *q, int index)
{
        begin_link(
                q, RTM_SETLINK, 0,
                (struct ifinfomsg){.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP});
}

int rtnetlink_up(Netlink *n, int index)
{
        NetlinkRequest q;

        begin_up(&q, index);
        return netlink_call(n, &q, NULL, NULL);
}

int rtnetlink_up_loopback(void)
{
        Netlink n;

        int r = rtnetlink_open(&n);
        r = r < 0 ? r : rtnetlink_up(&n, LOOPBACK_INDEX);
        netlink_close(&n);
        return r;
}

int rtnetlink_up_port(Netlink *n, int index)
{
        const uint8_t none = IN6_ADDR_GEN_MODE_NONE;
        NetlinkRequest q;

        begin_up(&q, index);
        size_t families = netlink_nest(&q, IFLA_AF_SPEC, NULL, 0);
        size_t inet6 = netlink_nest(&q, AF_INET6, NULL, 0);
        netlink_add(&q, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof(none));
        netlink_nest_end(&q, inet6);
        netlink_nest_end(&q, families);
        int r = netlink_call(n, &q, NULL, NULL);
        return r < 0 ? rtnetlink_up(n, index) : 0; /* a kernel may be without IPv6 */
}

int rtnetlink_delete(Netlink *n, int index)
{
        NetlinkRequest q;

        begin_link(&q, RTM_DELLINK, 0, (struct ifinfomsg){.ifi_index = index});
        return netlink_call(n, &q, NULL, NULL);
}

int rtnetlink_add_altname(Netlink *n, int index, const char *name)
{
        NetlinkRequest q;

        begin_link(&q, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND,
                   (struct ifinfomsg){.ifi_index = index});
        size_t list = netlink_nest(&q, IFLA_PROP_LIST | NLA_F_NESTED, NULL, 0);
        netlink_add_string(&q, IFLA_ALT_IFNAME, name);
        netlink_nest_end(&q, list);
        return netlink_call(n, &q, NULL, NULL);
}

/* ---- queues ---- */

#define RATE_BURST_PER_SEC 50 /* what comes at once: as much as passes in 20 ms */
#define RATE_QUEUE_PER_SEC 10 /* what waits: in 100 ms */
#define RATE_BURST_MAX     (UINT64_C(8) << 20)
#define RATE_QUEUE_MAX     (UINT64_C(64) << 20)
#define LINK_HEADER_MAX    32 /* Ethernet's, with VLAN tags */

static void begin_queue(NetlinkRequest *q, uint16_t type, uint16_t flags, int index)
{
        struct tcmsg t = {
                .tcm_ifindex = index,
                .tcm_parent = TC_H_ROOT,
                .tcm_handle = type == RTM_NEWQDISC ? TC_H_MAKE(1U << 16, 0) : 0,
        };

        netlink_begin(q, type, flags, &t, sizeof(t));
}

static int remove_rate(Netlink *n, int index)
{
        NetlinkRequest q;

        begin_queue(&q, RTM_DELQDISC, 0, index);
        int r = netlink_call(n, &q, NULL, NULL);
        return r == -ENOENT || r == -EINVAL ? 0 : r; /* there was none */
}

int rtnetlink_set_rate(Netlink *n, int index, uint64_t bits, uint32_t mtu)
{
        uint64_t bytes = bits / 8, least = (uint64_t)mtu + LINK_HEADER_MAX;
        uint64_t burst = MIN2(bytes / RATE_BURST_PER_SEC, RATE_BURST_MAX);
        uint64_t queue = MIN2(bytes / RATE_QUEUE_PER_SEC, RATE_QUEUE_MAX);
        NetlinkRequest q;

        if (bits == 0)
                return remove_rate(n, index);
        /* a larger packet of TCP is cut into pieces by the queue itself, any other would be lost */
        burst = burst < least ? least : burst;
        queue = burst + (queue < 10 * least ? 10 * least : queue);
        uint32_t burst32 = (uint32_t)burst;
        struct tc_tbf_qopt tbf = {
                .rate = {.linklayer = TC_LINKLAYER_ETHERNET,
                         .rate = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes},
                .limit = (uint32_t)queue,
        };
        begin_queue(&q, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index);
        netlink_add_string(&q, TCA_KIND, "tbf");
        size_t options = netlink_nest(&q, TCA_OPTIONS, NULL, 0);
        netlink_add(&q, TCA_TBF_PARMS, &tbf, sizeof(tbf));
        netlink_add_u32(&q, TCA_TBF_BURST, burst32);
        if (bytes > UINT32_MAX)
                netlink_add(&q, TCA_TBF_RATE64, &bytes, sizeof(bytes));
        netlink_nest_end(&q, options);
        return netlink_call(n, &q, NULL, NULL);
}

/* ---- addresses and routes ---- */

static void add_ip(NetlinkRequest *q, uint16_t type, const NetAddress *a)
{
        netlink_add(q, type, a->bytes, net_address_size(a));
}

int rtnetlink_add_address(Netlink *n, int index, const NetAddress *address)
{
        struct ifaddrmsg a = {
                .ifa_family = (uint8_t)address->family,
                .ifa_prefixlen = address->prefix,
                .ifa_flags = IFA_F_PERMANENT | IFA_F_NODAD,
                .ifa_index = (uint32_t)index,
        };
        NetlinkRequest q;

        netlink_begin(&q, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &a, sizeof(a));
        add_ip(&q, IFA_LOCAL, address);
        add_ip(&q, IFA_ADDRESS, address);
        if (address->family == AF_INET && address->prefix < 31) {
                NetAddress all = *address;

                for (unsigned bit = address->prefix; bit < 32; bit++)
                        all.bytes[bit / 8] |= (uint8_t)(0x80U >> bit % 8);
                add_ip(&q, IFA_BROADCAST, &all);
        }
        return netlink_call(n, &q, NULL, NULL);
}

typedef struct AddressList {
        uint32_t index;
        NetAddress *addresses;
        size_t n, max;
} AddressList;

static int take_address(const struct nlmsghdr *h, void *arg)
{
        const struct ifaddrmsg *i = NLMSG_DATA(h);
        AddressList *list = arg;
        NetAddress a = {0};

        if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_SPACE(sizeof(*i)))
                return -EBADMSG;
        Attributes attributes = {(const char *)h + NLMSG_SPACE(sizeof(*i)),
                                 h->nlmsg_len - NLMSG_SPACE(sizeof(*i))};
        if (i->ifa_index != list->index || !(i->ifa_flags & IFA_F_PERMANENT) ||
            i->ifa_scope == RT_SCOPE_LINK || list->n == list->max)
                return 0;
        a.family = i->ifa_family;
        a.prefix = i->ifa_prefixlen;
        /* IPv6 has a local one only where the other is that of a peer */
        if (get(attributes, IFA_LOCAL, a.bytes, net_address_size(&a)) ||
            get(attributes, IFA_ADDRESS, a.bytes, net_address_size(&a)))
                list->addresses[list->n++] = a;
        return 0;
}

int rtnetlink_addresses(Netlink *n, int index, NetAddress *ret, size_t max)
{
        AddressList list = {.index = (uint32_t)index, .addresses = ret, .max = max};
        struct ifaddrmsg a = {0};
        NetlinkRequest q;

        netlink_begin(&q, RTM_GETADDR, NLM_F_DUMP, &a, sizeof(a));
        int r = netlink_call(n, &q, take_address, &list);
        return r < 0 ? r : (int)list.n;
}

int rtnetlink_add_route(Netlink *n, int index, const NetAddress *to, const NetAddress *gateway)
{
        struct rtmsg r = {
                .rtm_family = (uint8_t)to->family,
                .rtm_dst_len = to->prefix,
                .rtm_table = RT_TABLE_MAIN,
                .rtm_protocol = RTPROT_STATIC,
                .rtm_scope = gateway->family || to->family == AF_INET6 ? RT_SCOPE_UNIVERSE
                                                                       : RT_SCOPE_LINK,
                .rtm_type = RTN_UNICAST,
        };
        NetlinkRequest q;

        netlink_begin(&q, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &r, sizeof(r));
        if (to->prefix > 0)
                add_ip(&q, RTA_DST, to);
        if (gateway->family)
                add_ip(&q, RTA_GATEWAY, gateway);
        netlink_add_u32(&q, RTA_OIF, (uint32_t)index);
        return netlink_call(n, &q, NULL, NULL);
}
