/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/facts.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

typedef struct Search {
        GHashTable *bridges;
        GArray *found;
} Search;

/* Nobody lays a network there. */
static bool is_special(const NetAddress *a)
{
        return net_address_is_loopback(a) ||
               (a->family == AF_INET6 &&
                (a->bytes[0] == 0xff || (a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80))) ||
               (a->family == AF_INET && a->bytes[0] >= 224);
}

static void note(Search *s, const NetAddress *to, unsigned index)
{
        HostRoute route = {.to = *to};

        if (index > 0 && !if_indextoname(index, route.link))
                route.link[0] = '\0';
        if (!is_special(to) && !g_hash_table_contains(s->bridges, route.link))
                g_array_append_val(s->found, route);
}

static bool read_bytes(const struct nlattr *a, NetAddress *ret)
{
        if (mnl_attr_get_payload_len(a) != net_address_size(ret))
                return false;
        (void)memcpy(ret->bytes, mnl_attr_get_payload(a), net_address_size(ret));
        return true;
}

static int on_route(const struct nlmsghdr *h, void *userdata)
{
        const struct rtmsg *m = mnl_nlmsg_get_payload(h);
        NetAddress to = {.family = m->rtm_family, .prefix = m->rtm_dst_len};
        uint32_t table = m->rtm_table, index = 0;
        const struct nlattr *a;
        bool has_dst = false;

        if ((m->rtm_family != AF_INET && m->rtm_family != AF_INET6) || m->rtm_dst_len == 0 ||
            (m->rtm_flags & RTM_F_CLONED))
                return MNL_CB_OK;
        mnl_attr_for_each(a, h, sizeof(*m)) switch (mnl_attr_get_type(a))
        {
        case RTA_DST: has_dst = read_bytes(a, &to); break;
        case RTA_OIF: index = mnl_attr_get_u32(a); break;
        case RTA_TABLE: table = mnl_attr_get_u32(a); break;
        default: break;
        }
        if (has_dst && table != RT_TABLE_LOCAL)
                note(userdata, &to, index);
        return MNL_CB_OK;
}

static int on_address(const struct nlmsghdr *h, void *userdata)
{
        const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
        uint16_t wanted = m->ifa_family == AF_INET ? IFA_LOCAL : IFA_ADDRESS;
        NetAddress address = {.family = m->ifa_family, .prefix = m->ifa_prefixlen};
        const struct nlattr *a;

        if (m->ifa_family != AF_INET && m->ifa_family != AF_INET6)
                return MNL_CB_OK;
        mnl_attr_for_each(a, h,
                          sizeof(*m)) if (mnl_attr_get_type(a) == wanted && read_bytes(a, &address))
                note(userdata, &address, m->ifa_index);
        return MNL_CB_OK;
}

static int dump(Netlink *route, uint16_t type, size_t header, mnl_cb_t cb, Search *s)
{
        char buf[NETLINK_REQUEST_MAX];
        struct nlmsghdr *h = netlink_begin(buf, type, NLM_F_DUMP);

        (void)mnl_nlmsg_put_extra_header(h, header); /* family 0: all */
        return netlink_ask(route, h, cb, s);
}

int facts_routes(Netlink *route, GHashTable *bridges, GArray **ret)
{
        g_autoptr(GArray) found = g_array_new(false, false, sizeof(HostRoute));
        Search s = {bridges, found};

        int r = dump(route, RTM_GETROUTE, sizeof(struct rtmsg), on_route, &s);
        if (r >= 0)
                r = dump(route, RTM_GETADDR, sizeof(struct ifaddrmsg), on_address, &s);
        if (r >= 0)
                *ret = g_steal_pointer(&found);
        return r;
}
