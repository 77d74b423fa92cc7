/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets of a network namespace by sock_diag(7). */
#pragma once

#include "sys/netlink.h"

#include <stdbool.h>

/* Whose socket on which port. */
typedef struct SockDiagQuery {
        bool udp; /* bound; else TCP, and listening */
        uint16_t port;
        uint32_t first_uid, n_uids; /* of the host */
} SockDiagQuery;

/** sock_diag_open() - a socket to ask by, for the network namespace of a process
 * @pidfd of that process
 * Return: 0; -ESRCH it has ended; negative errno. */
int sock_diag_open(int pidfd, Netlink *ret);

/** sock_diag_listens() - is there such a socket, of IPv4 or IPv6?
 * Return: 1 yes, 0 no; negative errno. */
int sock_diag_listens(Netlink *n, const SockDiagQuery *query);
