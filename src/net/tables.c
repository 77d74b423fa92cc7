/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/tables.h"

#include "base/text.h"
#include "net/netlink.h"

#include <arpa/inet.h>
#include <glib.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#define TABLE       "lodge"
#define OWN_FDS_MAX 64 /* more are never open */

struct TablesWatch {
        Netlink *netlink;
        sd_event_source *source;
        TablesFn removed;
        void *userdata;
        bool was_removed, was_lost; /* since the last call */
};

static int ask_for(Netlink *n, uint8_t family)
{
        char buf[NETLINK_REQUEST_MAX];
        struct nlmsghdr *h = netlink_begin(buf, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, 0);
        struct nfgenmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

        m->nfgen_family = family;
        m->version = NFNETLINK_V0;
        mnl_attr_put_strz(h, NFTA_TABLE_NAME, TABLE);
        return netlink_ask(n, h, NULL, NULL);
}

int tables_exist(void)
{
        _cleanup_netlink_ Netlink *n = NULL;
        int r = netlink_open(NETLINK_NETFILTER, &n);

        if (r >= 0)
                r = ask_for(n, NFPROTO_INET);
        if (r >= 0)
                r = ask_for(n, NFPROTO_BRIDGE);
        return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

static bool is_removal(uint16_t type)
{
        switch (type & 0xff) {
        case NFT_MSG_DELTABLE:
        case NFT_MSG_DELCHAIN:
        case NFT_MSG_DELRULE:
        case NFT_MSG_DELSET:
        case NFT_MSG_DELSETELEM:
        case NFT_MSG_DELOBJ: return true;
        default: return false;
        }
}

/* The name of the table has the same number in all of these messages. */
static bool is_of_our_table(const struct nlmsghdr *h)
{
        const struct nfgenmsg *m = mnl_nlmsg_get_payload(h);
        const struct nlattr *a;

        if (m->nfgen_family != NFPROTO_INET && m->nfgen_family != NFPROTO_BRIDGE)
                return false;
        mnl_attr_for_each(a, h, sizeof(*m)) if (mnl_attr_get_type(a) ==
                                                NFTA_TABLE_NAME) return streq(mnl_attr_get_str(a),
                                                                              TABLE);
        return false;
}

static bool has_port(int fd, uint32_t port)
{
        struct sockaddr_nl address = {0};
        socklen_t n = sizeof(address);

        return getsockname(fd, (struct sockaddr *)&address, &n) >= 0 && n == sizeof(address) &&
               address.nl_family == AF_NETLINK && address.nl_pid == port;
}

/* libnftables does not say which socket is its own, and may open another one. */
static bool is_own_port(uint32_t port)
{
        for (int fd = 0; fd < OWN_FDS_MAX; fd++)
                if (has_port(fd, port))
                        return true;
        return false;
}

static int on_message(const struct nlmsghdr *h, void *userdata)
{
        TablesWatch *w = userdata;

        if (!w->was_removed && is_removal(h->nlmsg_type) && is_of_our_table(h))
                w->was_removed = !is_own_port(h->nlmsg_pid);
        return MNL_CB_OK;
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        TablesWatch *w = userdata;
        int r;

        w->was_removed = w->was_lost = false;
        do {
                r = netlink_receive(w->netlink, on_message, w);
                w->was_lost = w->was_lost || r == -ENOBUFS;
        } while (r >= 0 || r == -ENOBUFS || r == -EINTR);
        if (w->was_removed || w->was_lost)
                w->removed(w->was_removed, w->userdata);
        return r == -EAGAIN ? 0 : r;
}

int tables_watch_new(sd_event *event, TablesFn removed, void *userdata, TablesWatch **ret)
{
        TablesWatch *w = g_new0(TablesWatch, 1);
        int r = netlink_open(NETLINK_NETFILTER, &w->netlink);

        w->removed = removed;
        w->userdata = userdata;
        if (r >= 0)
                r = netlink_listen(w->netlink, NFNLGRP_NFTABLES);
        if (r >= 0)
                r = sd_event_add_io(event, &w->source, r, EPOLLIN, on_io, w);
        if (r < 0) {
                tables_watch_free(w);
                return r;
        }
        *ret = w;
        return 0;
}

void tables_watch_free(TablesWatch *w)
{
        if (!w)
                return;
        sd_event_source_disable_unref(w->source);
        netlink_close(w->netlink);
        g_free(w);
}
