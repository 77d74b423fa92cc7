/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/socket-address.h"

#include "base/cleanup.h"

#include <arpa/nameser.h>
#include <string.h>

#define BACKLOG       1024
#define RECEIVE_BYTES (1 << 20) /* of datagrams that wait; the kernel gives what it allows */

SocketAddress socket_address_make(const NetAddress *a, uint16_t port)
{
        SocketAddress s = {.any.sa_family = (sa_family_t)a->family};

        if (a->family == AF_INET) {
                s.in.sin_port = htons(port);
                memcpy(&s.in.sin_addr, a->bytes, sizeof(s.in.sin_addr));
        } else {
                s.in6.sin6_port = htons(port);
                memcpy(&s.in6.sin6_addr, a->bytes, sizeof(s.in6.sin6_addr));
        }
        return s;
}

socklen_t socket_address_size(const SocketAddress *a)
{
        return a->any.sa_family == AF_INET ? sizeof(a->in) : sizeof(a->in6);
}

NetAddress socket_address_get(const SocketAddress *a)
{
        NetAddress n = {.family = a->any.sa_family};

        if (n.family == AF_INET) {
                n.prefix = 32;
                memcpy(n.bytes, &a->in.sin_addr, sizeof(a->in.sin_addr));
        } else if (n.family == AF_INET6) {
                n.prefix = 128;
                memcpy(n.bytes, &a->in6.sin6_addr, sizeof(a->in6.sin6_addr));
        } else {
                n.family = 0;
        }
        return n;
}

bool socket_address_equal(const SocketAddress *a, const SocketAddress *b)
{
        NetAddress x = socket_address_get(a), y = socket_address_get(b);

        if (!net_address_equal(&x, &y))
                return false;
        if (x.family == AF_INET)
                return a->in.sin_port == b->in.sin_port;
        return a->in6.sin6_port == b->in6.sin6_port && a->in6.sin6_scope_id == b->in6.sin6_scope_id;
}

int socket_open(PortProtocol protocol, int family)
{
        int type = protocol == PORT_TCP ? SOCK_STREAM : SOCK_DGRAM;
        int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        return fd < 0 ? -errno : fd;
}

static int set_option(int fd, int level, int option)
{
        static const int one = 1;

        return setsockopt(fd, level, option, &one, sizeof(one)) < 0 ? -errno : 0;
}

/* Somebody may publish DNS on every address of the host, although we have our own socket on some.
 * For that both need SO_REUSEPORT, which lets in sockets of our own uid alone. */
static int set_options(int fd, PortProtocol protocol, int family, uint16_t port, bool free_bind)
{
        static const int bytes = RECEIVE_BYTES;
        int r = protocol == PORT_TCP ? set_option(fd, SOL_SOCKET, SO_REUSEADDR) : 0;

        if (protocol == PORT_UDP)
                (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
        if (r >= 0 && port == NS_DEFAULTPORT)
                r = set_option(fd, SOL_SOCKET, SO_REUSEPORT);
        if (r >= 0 && family == AF_INET6)
                r = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY);
        if (r >= 0 && free_bind)
                r = family == AF_INET ? set_option(fd, IPPROTO_IP, IP_FREEBIND)
                                      : set_option(fd, IPPROTO_IPV6, IPV6_FREEBIND);
        return r;
}

int socket_listen(PortProtocol protocol, const NetAddress *a, uint16_t port, bool free_bind)
{
        SocketAddress s = socket_address_make(a, port);
        _cleanup_close_ int fd = socket_open(protocol, a->family);

        if (fd < 0)
                return fd;
        int r = set_options(fd, protocol, a->family, port, free_bind);
        if (r < 0)
                return r;
        if (bind(fd, &s.any, socket_address_size(&s)) < 0 ||
            (protocol == PORT_TCP && listen(fd, BACKLOG) < 0))
                return -errno;
        return TAKE_FD(fd);
}
