/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/sock-diag.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

int sock_diag_open(int pidfd, Netlink *ret)
{
        Netlink here;
        int r = netlink_open(NETLINK_SOCK_DIAG, &here);

        *ret = (Netlink){.fd = -EBADF};
        if (r < 0)
                return r;
        _cleanup_close_ int own = netlink_namespace(&here);
        netlink_close(&here);
        return own < 0 ? own : netlink_open_in(NETLINK_SOCK_DIAG, pidfd, own, ret);
}

typedef struct Search {
        const SockDiagQuery *query;
        bool found;
} Search;

static int look(const struct nlmsghdr *h, void *arg)
{
        const struct inet_diag_msg *m = NLMSG_DATA(h);
        Search *s = arg;

        if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
                return -EBADMSG;
        s->found = s->found || (m->id.idiag_sport == htons(s->query->port) &&
                                m->idiag_uid >= s->query->first_uid &&
                                m->idiag_uid - s->query->first_uid < s->query->n_uids);
        return 0;
}

int sock_diag_listens(Netlink *n, const SockDiagQuery *query)
{
        static const uint8_t families[] = {AF_INET, AF_INET6};
        Search search = {.query = query};
        NetlinkRequest q;

        for (size_t i = 0; i < ELEMENTSOF(families) && !search.found; i++) {
                /* an unconnected socket of UDP is in the state that is called closed */
                const struct inet_diag_req_v2 wanted = {
                        .sdiag_family = families[i],
                        .sdiag_protocol = query->udp ? IPPROTO_UDP : IPPROTO_TCP,
                        .idiag_states = 1U << (query->udp ? TCP_CLOSE : TCP_LISTEN),
                        .id.idiag_sport = htons(query->port),
                };

                netlink_begin(&q, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &wanted, sizeof(wanted));
                int r = netlink_call(n, &q, look, &search);
                if (r < 0 && !(r == -ENOENT && families[i] == AF_INET6)) /* a kernel without it */
                        return r;
        }
        return search.found;
}
