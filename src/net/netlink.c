/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/netlink.h"

#include <fcntl.h>

#define ANSWER_MAX 32768U /* what the kernel puts into one message of a dump */
#define TRIES      5      /* of a dump during which things changed */

struct Netlink {
        struct mnl_socket *socket;
        unsigned port;
        uint32_t sequence;
        char answer[ANSWER_MAX];
};

int netlink_open(int bus, Netlink **ret)
{
        _cleanup_netlink_ Netlink *n = calloc(1, sizeof(*n));

        if (!n)
                return -ENOMEM;
        n->socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
        if (!n->socket || mnl_socket_bind(n->socket, 0, MNL_SOCKET_AUTOPID) < 0)
                return -errno;
        n->port = mnl_socket_get_portid(n->socket);
        *ret = TAKE_PTR(n);
        return 0;
}

void netlink_close(Netlink *n)
{
        if (!n)
                return;
        if (n->socket)
                (void)mnl_socket_close(n->socket);
        free(n);
}

struct nlmsghdr *netlink_begin(void *buf, uint16_t type, uint16_t flags)
{
        struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

        h->nlmsg_type = type;
        h->nlmsg_flags = NLM_F_REQUEST | flags;
        return h;
}

static int ask_once(Netlink *n, struct nlmsghdr *request, mnl_cb_t cb, void *userdata)
{
        int r;

        request->nlmsg_seq = ++n->sequence;
        if (mnl_socket_sendto(n->socket, request, request->nlmsg_len) < 0)
                return -errno;
        do {
                ssize_t got = mnl_socket_recvfrom(n->socket, n->answer, sizeof(n->answer));

                if (got < 0 && errno == EINTR)
                        r = MNL_CB_OK;
                else if (got < 0)
                        return -errno;
                else
                        r = mnl_cb_run(n->answer, (size_t)got, request->nlmsg_seq, n->port, cb,
                                       userdata);
        } while (r > MNL_CB_STOP);
        return r < 0 ? -errno : 0;
}

int netlink_ask(Netlink *n, struct nlmsghdr *request, mnl_cb_t cb, void *userdata)
{
        int r;

        if ((request->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
                request->nlmsg_flags |= NLM_F_ACK;
        for (int i = 0; i < TRIES; i++) {
                r = ask_once(n, request, cb, userdata);
                if (r != -EINTR)
                        break;
        }
        return r;
}

int netlink_listen(Netlink *n, int group)
{
        int fd = mnl_socket_get_fd(n->socket);

        if (mnl_socket_setsockopt(n->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
                return -errno;
        return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ? -errno : fd;
}

int netlink_receive(Netlink *n, mnl_cb_t cb, void *userdata)
{
        ssize_t got = mnl_socket_recvfrom(n->socket, n->answer, sizeof(n->answer));

        if (got < 0)
                return -errno;
        return mnl_cb_run(n->answer, (size_t)got, 0, 0, cb, userdata) < 0 ? -errno : 0;
}
