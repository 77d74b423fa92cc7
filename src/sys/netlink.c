/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/netlink.h"

#include "base/cleanup.h"

#include <linux/sockios.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define ANSWER_MAX 131072 /* a dump comes in smaller parts; one interface may have many names */

int netlink_open(int protocol, Netlink *ret)
{
        static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
        _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
        const int on = 1;

        *ret = (Netlink){.fd = -EBADF};
        /* a connected socket takes messages of its peer only; without that, a guest's root could
         * fill the queue of a socket in its namespace, and the kernel's answers would find no place
         */
        if (fd < 0 || connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
                return -errno;
        (void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
        (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
        ret->fd = TAKE_FD(fd);
        return 0;
}

int netlink_open_in(int protocol, int netns, int own, Netlink *ret)
{
        *ret = (Netlink){.fd = -EBADF};
        if (setns(netns, CLONE_NEWNET) < 0)
                return -errno;
        int r = netlink_open(protocol, ret);
        if (setns(own, CLONE_NEWNET) < 0)
                r = -errno;
        if (r < 0)
                netlink_close(ret);
        return r;
}

int netlink_namespace(const Netlink *n)
{
        int fd = ioctl(n->fd, SIOCGSKNS);

        return fd < 0 ? -errno : fd;
}

void netlink_close(Netlink *n)
{
        n->fd = close_fd(n->fd);
}

static char *extend(NetlinkRequest *q, size_t more)
{
        size_t at = q->header.nlmsg_len;

        if (q->error < 0 || more > sizeof(q->bytes) || at + NLMSG_ALIGN(more) > sizeof(q->bytes)) {
                q->error = -E2BIG;
                return NULL;
        }
        q->header.nlmsg_len += NLMSG_ALIGN(more);
        return memset(q->bytes + at, 0, NLMSG_ALIGN(more));
}

void netlink_begin(NetlinkRequest *q, uint16_t type, uint16_t flags, const void *body, size_t n)
{
        q->error = 0;
        q->header = (struct nlmsghdr){
                .nlmsg_len = NLMSG_HDRLEN,
                .nlmsg_type = type,
                .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
        };
        char *p = extend(q, n);
        if (p && n > 0)
                memcpy(p, body, n);
}

void netlink_add(NetlinkRequest *q, uint16_t type, const void *data, size_t n)
{
        struct nlattr a = {.nla_len = (uint16_t)(NLA_HDRLEN + n), .nla_type = type};
        char *p = n > sizeof(q->bytes) ? extend(q, n) : extend(q, NLA_HDRLEN + n);

        if (!p)
                return;
        memcpy(p, &a, sizeof(a));
        if (n > 0)
                memcpy(p + NLA_HDRLEN, data, n);
}

void netlink_add_u32(NetlinkRequest *q, uint16_t type, uint32_t v)
{
        netlink_add(q, type, &v, sizeof(v));
}

void netlink_add_string(NetlinkRequest *q, uint16_t type, const char *s)
{
        netlink_add(q, type, s, strlen(s) + 1);
}

size_t netlink_nest(NetlinkRequest *q, uint16_t type, const void *body, size_t n)
{
        size_t at = q->header.nlmsg_len;

        netlink_add(q, type, body, n);
        return at;
}

void netlink_nest_end(NetlinkRequest *q, size_t nest)
{
        uint16_t n = (uint16_t)(q->header.nlmsg_len - nest);

        if (q->error == 0)
                memcpy(q->bytes + nest, &n, sizeof(n)); /* nla_len is the first field */
}

const void *netlink_attribute(const void *data, size_t n, uint16_t type, size_t *ret_n)
{
        const char *p = data;
        struct nlattr a;

        while (n >= sizeof(a)) {
                memcpy(&a, p, sizeof(a));
                if (a.nla_len < NLA_HDRLEN || a.nla_len > n)
                        return NULL;
                if ((a.nla_type & NLA_TYPE_MASK) == type) {
                        *ret_n = a.nla_len - NLA_HDRLEN;
                        return p + NLA_HDRLEN;
                }
                p += MIN2(n, NLA_ALIGN((size_t)a.nla_len));
                n -= MIN2(n, NLA_ALIGN((size_t)a.nla_len));
        }
        return NULL;
}

/* With NETLINK_CAP_ACK the request is not echoed: the attributes follow the error. */
static int take_ack(Netlink *n, const struct nlmsghdr *h)
{
        const struct nlmsgerr *e = NLMSG_DATA(h);
        size_t length = h->nlmsg_len - NLMSG_HDRLEN, n_text;

        if (length < sizeof(*e))
                return -EBADMSG;
        const char *text =
                netlink_attribute(e + 1, length - sizeof(*e), NLMSGERR_ATTR_MSG, &n_text);
        if (text && e->error != 0 && h->nlmsg_flags & NLM_F_ACK_TLVS)
                (void)snprintf(n->reason, sizeof(n->reason), "%.*s", (int)n_text, text);
        return e->error;
}

/* Return: 1 that was all; 0 more comes; negative errno. */
static int take_messages(Netlink *n, const char *buf, size_t size, NetlinkFn fn, void *arg,
                         int *result)
{
        const struct nlmsghdr *h = (const struct nlmsghdr *)buf;

        for (; NLMSG_OK(h, size); h = NLMSG_NEXT(h, size)) {
                if (h->nlmsg_seq != n->serial)
                        continue; /* of a call that was given up */
                if (h->nlmsg_type == NLMSG_ERROR) {
                        int r = take_ack(n, h);
                        return r < 0 ? r : 1;
                }
                if (h->nlmsg_type == NLMSG_DONE)
                        return 1;
                if (fn && *result >= 0)
                        *result = fn(h, arg);
        }
        return 0;
}

int netlink_call(Netlink *n, NetlinkRequest *q, NetlinkFn fn, void *arg)
{
        /* not on the stack: of a static one, only what is written to takes memory */
        static char buf[ANSWER_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
        int r = q->error, result = 0;

        n->reason[0] = '\0';
        if (r < 0)
                return r;
        q->header.nlmsg_seq = ++n->serial;
        if (send(n->fd, q->bytes, q->header.nlmsg_len, 0) < 0)
                return -errno;
        while (r == 0) {
                ssize_t size = recv(n->fd, buf, sizeof(buf), MSG_TRUNC);
                if (size < 0 && errno == EINTR)
                        continue;
                if (size <= 0 || (size_t)size > sizeof(buf))
                        return size < 0 ? -errno : -EMSGSIZE;
                r = take_messages(n, buf, (size_t)size, fn, arg, &result);
        }
        return r < 0 ? r : result;
}
