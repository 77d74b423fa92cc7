/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/tables.h"

#include "base/text.h"
#include "net/netlink.h"

#include <arpa/inet.h>
#include <glib.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#define TABLE "lodge"

struct TablesWatch {
        Netlink *netlink;
        sd_event_source *source;
        TablesFn removed;
        void *userdata;
        bool was_removed;
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

static int on_message(const struct nlmsghdr *h, void *userdata)
{
        const struct nfgenmsg *m = mnl_nlmsg_get_payload(h);
        TablesWatch *w = userdata;
        const struct nlattr *a;

        if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE))
                return MNL_CB_OK;
        mnl_attr_for_each(a, h, sizeof(*m)) if (mnl_attr_get_type(a) == NFTA_TABLE_NAME &&
                                                streq(mnl_attr_get_str(a), TABLE)) w->was_removed =
                true;
        return MNL_CB_OK;
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        TablesWatch *w = userdata;

        w->was_removed = false;
        for (;;) {
                int r = netlink_receive(w->netlink, on_message, w);

                if (r == -EAGAIN)
                        break;
                if (r < 0) /* some of it was lost: who knows */
                        w->was_removed = true;
                if (r < 0 && r != -ENOBUFS && r != -EINTR)
                        return r;
        }
        if (w->was_removed)
                w->removed(w->userdata);
        return 0;
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
