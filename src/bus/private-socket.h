/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket on which root talks to lodged without the system bus, and so without waiting behind
 * anybody else, or for a bus that is not there. */
#pragma once

#include "bus/bus.h"

typedef struct PrivateSocket PrivateSocket;

/** private_socket_new() - serve the objects to whom of root connects
 * Calls are answered as on the system bus; signals are told there only. There may be 64
 * connections; a further one is closed, as is one that sends calls and does not read the answers.
 * @fd listening stream socket; taken over on success
 * Return: 0; negative errno. */
int private_socket_new(Bus *b, int fd, PrivateSocket **ret);

/** private_socket_free() - close it and all connections; before bus_free(); NULL is fine */
void private_socket_free(PrivateSocket *s);
