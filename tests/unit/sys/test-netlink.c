/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/netlink.h"

#include "base/cleanup.h"
#include "unit/test.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

static void test_request(void)
{
        const char body[5] = {1, 2, 3, 4, 5}, big[NETLINK_REQUEST_MAX] = {0};
        NetlinkRequest q;
        const char *p;
        size_t n;

        netlink_begin(&q, 7, NLM_F_CREATE, body, sizeof(body));
        netlink_add_string(&q, 1, "one");
        size_t nest = netlink_nest(&q, 2 | NLA_F_NESTED, NULL, 0);
        netlink_add_u32(&q, 3, 33);
        netlink_add(&q, 4, NULL, 0);
        netlink_nest_end(&q, nest);
        netlink_add_u32(&q, 5, 55);
        CHECK_NUMBER(q.error, 0);
        CHECK_NUMBER(q.header.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE);
        CHECK_NUMBER(q.header.nlmsg_len, NLMSG_HDRLEN + 8 + 8 + (4 + 8 + 4) + 8);

        const char *attributes = q.bytes + NLMSG_HDRLEN + 8;
        size_t n_attributes = q.header.nlmsg_len - NLMSG_HDRLEN - 8;
        CHECK_STRING(netlink_attribute(attributes, n_attributes, 1, &n), "one");
        CHECK_NUMBER(n, 4);
        p = netlink_attribute(attributes, n_attributes, 2, &n);
        CHECK(p && n == 12 && netlink_attribute(p, n, 4, &n) && n == 0);
        CHECK(!netlink_attribute(attributes, n_attributes, 3, &n));
        p = netlink_attribute(attributes, n_attributes, 5, &n);
        CHECK(p && n == 4 && *p == 55);

        netlink_add(&q, 6, big, sizeof(big)); /* it stays an error, whatever follows */
        netlink_add_u32(&q, 7, 1);
        netlink_nest_end(&q, nest);
        CHECK_NUMBER(q.error, -E2BIG);
        netlink_begin(&q, 7, 0, body, sizeof(body));
        CHECK_NUMBER(q.error, 0);
        netlink_add(&q, 6, big, (size_t)-1);
        CHECK_NUMBER(q.error, -E2BIG);
}

static void test_attribute_bounds(void)
{
        const struct nlattr good = {.nla_len = 5, .nla_type = 1},
                            next = {.nla_len = 4, .nla_type = 2};
        const struct nlattr bad[] = {{.nla_len = 3, .nla_type = 1}, {.nla_len = 99, .nla_type = 1}};
        char buf[12] = {0};
        size_t n;

        memcpy(buf, &good, sizeof(good));
        memcpy(buf + 8, &next, sizeof(next));
        CHECK(netlink_attribute(buf, 5, 1, &n) == buf + 4 && n == 1);
        CHECK(!netlink_attribute(buf, 5, 2, &n)); /* the padding of the last one may be missing */
        CHECK(netlink_attribute(buf, 12, 2, &n) && n == 0);
        CHECK(!netlink_attribute(buf, 4, 1, &n));
        CHECK(!netlink_attribute(buf, 0, 1, &n));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                CHECK(!netlink_attribute(&bad[i], sizeof(bad[i]), 1, &n));
}

static int take_name(const struct nlmsghdr *h, void *arg)
{
        size_t n;
        const char *name = netlink_attribute(
                (const char *)h + NLMSG_SPACE(sizeof(struct ifinfomsg)),
                h->nlmsg_len - NLMSG_SPACE(sizeof(struct ifinfomsg)), IFLA_IFNAME, &n);

        CHECK_STRING(name, "lo");
        ++*(int *)arg;
        return -ECANCELED;
}

static void test_call(void)
{
        struct ifinfomsg one = {.ifi_index = 1}, none = {.ifi_index = 999999};
        NetlinkRequest q;
        int n_taken = 0;
        Netlink n;

        CHECK_NUMBER(netlink_open(NETLINK_ROUTE, &n), 0);
        for (int i = 1; i <= 2; i++) {
                netlink_begin(&q, RTM_GETLINK, 0, &one, sizeof(one));
                CHECK_NUMBER(netlink_call(&n, &q, take_name, &n_taken), -ECANCELED);
                CHECK_NUMBER(n_taken, i);
                CHECK_STRING(n.reason, "");
        }
        netlink_begin(&q, RTM_GETLINK, 0, &none, sizeof(none));
        CHECK_NUMBER(netlink_call(&n, &q, take_name, &n_taken), -ENODEV);
        netlink_add_string(&q, 1, "x");
        q.error = -E2BIG;
        CHECK_NUMBER(netlink_call(&n, &q, NULL, NULL), -E2BIG);
        netlink_close(&n);
        CHECK_NUMBER(n.fd, -EBADF);
        CHECK(netlink_call(&n, &q, NULL, NULL) < 0);
}

/* The root of a guest shares a network namespace with a socket of ours, and could fill its queue.
 */
static void test_strangers(void)
{
        struct sockaddr_nl sa = {.nl_family = AF_NETLINK};
        socklen_t size = sizeof(sa);
        Netlink ours, theirs;
        NetlinkRequest q;
        char c = 0;

        CHECK_NUMBER(netlink_open(NETLINK_ROUTE, &ours), 0);
        CHECK_NUMBER(getsockname(ours.fd, (struct sockaddr *)&sa, &size), 0);
        theirs.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        CHECK(sa.nl_pid != 0 && theirs.fd >= 0);
        netlink_begin(&q, NLMSG_ERROR, 0, &c, 1);
        CHECK(sendto(theirs.fd, q.bytes, q.header.nlmsg_len, 0, (struct sockaddr *)&sa, size) < 0);
        CHECK(recv(ours.fd, &c, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
        netlink_close(&ours);
        netlink_close(&theirs);
}

int main(void)
{
        test_request();
        test_attribute_bounds();
        test_call();
        test_strangers();
        return 0;
}
