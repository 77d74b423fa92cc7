/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/link-watch.h"

#include "base/text.h"
#include "net/bridge.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

struct LinkWatch {
        Engine *engine;
        Netlink *netlink;
        sd_event_source *source;
};

static void on_deleted(Engine *e, const char *name)
{
        _cleanup_fault_ Fault f = {0};
        int r = engine_repair_bridge(e, name, &f);

        if (r < 0)
                (void)fprintf(stderr, SD_ERR "%s\n", f.message ? f.message : strerror(-r));
        if (r > 0)
                (void)fprintf(stderr,
                              SD_NOTICE "Somebody has deleted the bridge %s; it was made anew\n",
                              name);
}

/* What a message says of an interface. */
typedef struct Link {
        const char *name;
        uint32_t gso, gso_possible;
        bool is_port, reflects; /* of a bridge */
} Link;

static void read_port(const struct nlattr *slave_data, Link *l)
{
        const struct nlattr *a;

        mnl_attr_for_each_nested(a, slave_data) if (mnl_attr_get_type(a) == IFLA_BRPORT_MODE)
                l->reflects = mnl_attr_get_u8(a);
}

static void read_info(const struct nlattr *info, Link *l)
{
        const struct nlattr *a;

        mnl_attr_for_each_nested(a, info) if (mnl_attr_get_type(a) == IFLA_INFO_SLAVE_KIND)
                l->is_port = streq(mnl_attr_get_str(a), "bridge");
        else if (mnl_attr_get_type(a) == IFLA_INFO_SLAVE_DATA) read_port(a, l);
}

static Link read_link(const struct nlmsghdr *h)
{
        const struct nlattr *a;
        Link l = {0};

        mnl_attr_for_each(a, h, sizeof(struct ifinfomsg)) switch (mnl_attr_get_type(a))
        {
        case IFLA_IFNAME: l.name = mnl_attr_get_str(a); break;
        case IFLA_TSO_MAX_SIZE: l.gso_possible = mnl_attr_get_u32(a); break;
        case IFLA_GSO_MAX_SIZE: l.gso = mnl_attr_get_u32(a); break;
        case IFLA_LINKINFO: read_info(a, &l); break;
        default: break;
        }
        return l;
}

static bool has_br_netfilter(void)
{
        return access("/proc/sys/net/bridge", F_OK) == 0;
}

static int on_message(const struct nlmsghdr *h, void *userdata)
{
        const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
        const LinkWatch *w = userdata;
        Link l = read_link(h);

        if (i->ifi_family != AF_UNSPEC || !l.name)
                return MNL_CB_OK;
        if (l.is_port) {
                if (!l.reflects && engine_has_link(w->engine, l.name) && has_br_netfilter())
                        bridge_reflect(engine_route(w->engine), (unsigned)i->ifi_index);
                return MNL_CB_OK;
        }
        if (!engine_has_bridge(w->engine, l.name))
                return MNL_CB_OK;
        if (h->nlmsg_type == RTM_DELLINK)
                on_deleted(w->engine, l.name);
        else if (l.gso_possible >= BRIDGE_PACKET_MAX && l.gso < BRIDGE_PACKET_MAX)
                bridge_take_large_packets(engine_route(w->engine), (unsigned)i->ifi_index);
        return MNL_CB_OK;
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        LinkWatch *w = userdata;
        int r;

        do /* what was lost is done without */
                r = netlink_receive(w->netlink, on_message, w);
        while (r >= 0 || r == -ENOBUFS || r == -EINTR);
        return r == -EAGAIN ? 0 : r;
}

int link_watch_new(sd_event *event, Engine *engine, LinkWatch **ret)
{
        LinkWatch *w = g_new0(LinkWatch, 1);
        int r = netlink_open(NETLINK_ROUTE, &w->netlink);

        w->engine = engine;
        if (r >= 0)
                r = netlink_listen(w->netlink, RTNLGRP_LINK);
        if (r >= 0)
                r = sd_event_add_io(event, &w->source, r, EPOLLIN, on_io, w);
        if (r < 0) {
                link_watch_free(w);
                return r;
        }
        *ret = w;
        return 0;
}

void link_watch_free(LinkWatch *w)
{
        if (!w)
                return;
        sd_event_source_disable_unref(w->source);
        netlink_close(w->netlink);
        g_free(w);
}
