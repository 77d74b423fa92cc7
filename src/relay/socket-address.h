/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses as sockets want them, and the sockets of this process. */
#pragma once

#include "base/net-address.h"
#include "wire/network-record.h"

#include <netinet/in.h>
#include <sys/socket.h>

typedef union SocketAddress {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
} SocketAddress;

/** socket_address_make() - of an address of AF_INET or AF_INET6 */
SocketAddress socket_address_make(const NetAddress *a, uint16_t port);
/** socket_address_size() - how much of it bind(2) and connect(2) want */
socklen_t socket_address_size(const SocketAddress *a);
/** socket_address_get() - the address without its port
 * Return: family 0 if it is of neither. */
NetAddress socket_address_get(const SocketAddress *a);
/** socket_address_equal() - same address, port and scope? */
bool socket_address_equal(const SocketAddress *a, const SocketAddress *b);

/** socket_open() - a non-blocking socket for connect(2)
 * Return: descriptor; negative errno. */
int socket_open(PortProtocol protocol, int family);
/** socket_listen() - a bound one, and if it is TCP, one that listens
 * @free_bind the address may be one that the host does not have yet
 * Return: descriptor; -EADDRINUSE, -EACCES, -EADDRNOTAVAIL.. */
int socket_listen(PortProtocol protocol, const NetAddress *a, uint16_t port, bool free_bind);
