/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/sock-diag.h"

#include "base/cleanup.h"
#include "unit/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* On a port that the kernel chooses. */
static int bound(int family, int type, uint16_t *ret_port)
{
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct sockaddr *sa = family == AF_INET ? (struct sockaddr *)&in : (struct sockaddr *)&in6;
        socklen_t n = family == AF_INET ? sizeof(in) : sizeof(in6);
        int fd = socket(family, type | SOCK_CLOEXEC, 0);

        if (fd >= 0 && bind(fd, sa, n) < 0)
                fd = close_fd(fd);
        if (fd >= 0) {
                CHECK(getsockname(fd, sa, &n) == 0);
                *ret_port = ntohs(family == AF_INET ? in.sin_port : in6.sin6_port);
        }
        return fd;
}

static int asks(Netlink *n, bool udp, uint16_t port, uint32_t first_uid)
{
        return sock_diag_listens(n, &(SockDiagQuery){udp, port, first_uid, 1});
}

static void check_family(Netlink *n, int family)
{
        uint16_t port, udp_port;
        _cleanup_close_ int tcp = bound(family, SOCK_STREAM, &port),
                            udp = bound(family, SOCK_DGRAM, &udp_port);

        if (tcp < 0) /* no IPv6 here */
                return;
        CHECK_NUMBER(asks(n, false, port, getuid()), 0);
        CHECK(listen(tcp, 1) == 0);
        CHECK_NUMBER(asks(n, false, port, getuid()), 1);
        CHECK_NUMBER(asks(n, false, port, getuid() + 1), 0);
        CHECK(udp >= 0);
        CHECK_NUMBER(asks(n, true, udp_port, getuid()), 1);
        CHECK_NUMBER(asks(n, true, udp_port, getuid() + 1), 0);
}

int main(void)
{
        Netlink n;

        CHECK_NUMBER(netlink_open(NETLINK_SOCK_DIAG, &n), 0);
        check_family(&n, AF_INET);
        check_family(&n, AF_INET6);
        netlink_close(&n);
        return 0;
}
