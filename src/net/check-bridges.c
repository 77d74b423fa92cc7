/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/names.h"
#include "net/bridge.h"
#include "net/check-internal.h"
#include "net/facts.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

typedef struct Check {
        Engine *engine;
        Findings *findings;
        GArray *routes; /* of others; of HostRoute */
} Check;

static int on_route(const struct nlmsghdr *h, void *userdata)
{
        const struct nlattr *a;

        mnl_attr_for_each(a, h, sizeof(struct rtmsg)) if (mnl_attr_get_type(a) == RTA_OIF)(void)
                if_indextoname(mnl_attr_get_u32(a), userdata);
        return MNL_CB_OK;
}

/* Where the host sends what is for @to. Return: 0; negative errno: nowhere. */
static int interface_to(Netlink *route, const NetAddress *to, char ret[static IFNAMSIZ])
{
        char buf[NETLINK_REQUEST_MAX];
        struct nlmsghdr *h = netlink_begin(buf, RTM_GETROUTE, 0);
        struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

        ret[0] = '\0';
        m->rtm_family = (uint8_t)to->family;
        m->rtm_dst_len = (uint8_t)(net_address_size(to) * 8);
        mnl_attr_put(h, RTA_DST, net_address_size(to), to->bytes);
        return netlink_ask(route, h, on_route, ret);
}

/* The kernel takes the stricter of the two. */
static bool is_strict(const char *bridge)
{
        g_autofree char *own = g_strdup_printf("net/ipv4/conf/%s/rp_filter", bridge);

        return MAX(check_sysctl("net/ipv4/conf/all/rp_filter"), check_sysctl(own)) == 1;
}

static void check_way(const Check *c, const NetworkRecord *n, const NetAddress *gateway)
{
        NetAddress machine = net_address_nth(gateway, 2);
        char link[IFNAMSIZ], text[NET_ADDRESS_TEXT_MAX];
        g_autofree char *command = NULL;

        if (machine.family == 0)
                return;
        int r = interface_to(engine_route(c->engine), &machine, link);
        if (r >= 0 && g_strcmp0(link, n->bridge) == 0)
                return;
        (void)net_address_format(&machine, false, text);
        command = g_strdup_printf("ip route get %s", text);
        findings_add(c->findings, command,
                     "what is for %s goes to %s instead of the bridge %s of network %s, by another "
                     "route, a rule or for lack of an address of the bridge%s",
                     text, r < 0 || !link[0] ? "nobody" : link, n->bridge, n->name,
                     machine.family == AF_INET && is_strict(n->bridge)
                             ? "; and since rp_filter is 1, all that comes from there is dropped"
                             : "");
}

/* A wider one does no harm: the narrowest goes first. */
static void check_overlap(const Check *c, const NetworkRecord *n, const NetAddress *gateway)
{
        char subnet[NET_ADDRESS_TEXT_MAX], other[NET_ADDRESS_TEXT_MAX];
        NetAddress net = net_address_network(gateway);

        for (guint i = 0; i < c->routes->len; i++) {
                const HostRoute *r = &g_array_index(c->routes, HostRoute, i);

                if (r->to.prefix >= net.prefix && net_address_overlaps(&r->to, &net))
                        findings_add(c->findings, NULL,
                                     "%s of network %s overlaps %s of %s on this host, where "
                                     "answers may go",
                                     net_address_format(&net, true, subnet), n->name,
                                     net_address_format(&r->to, true, other),
                                     r->link[0] ? r->link : "another route");
        }
}

static void check_bridge(const Check *c, const NetworkRecord *n)
{
        int r = bridge_has_carrier(engine_route(c->engine), n->bridge);

        if (r == -ENODEV) {
                findings_add(c->findings, "systemctl restart " LODGE_NET_UNIT,
                             "the bridge %s of network %s is missing", n->bridge, n->name);
                return;
        }
        if (r == 0 && engine_has_members(c->engine, n->name))
                findings_add(c->findings, NULL,
                             "the bridge %s of network %s is down or has no interface, so its "
                             "machines are cut off",
                             n->bridge, n->name);
        for (size_t i = 0; i < n->n_gateways; i++) {
                check_way(c, n, &n->gateways[i]);
                check_overlap(c, n, &n->gateways[i]);
        }
}

void check_bridges(Engine *e, Findings *f)
{
        g_autoptr(GHashTable) ours = NULL;
        g_autoptr(GArray) routes = NULL;
        GHashTableIter iter;
        gpointer n;

        if (bridge_list(engine_route(e), &ours) < 0 ||
            facts_routes(engine_route(e), ours, &routes) < 0)
                return;
        Check c = {e, f, routes};
        g_hash_table_iter_init(&iter, engine_networks(e));
        while (g_hash_table_iter_next(&iter, NULL, &n))
                check_bridge(&c, n);
}
