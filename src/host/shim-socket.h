/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket at which shims ask for their plan: who is at the other end is checked here. */
#pragma once

#include "core/types.h"

#include <systemd/sd-event.h>

typedef struct ShimSocket ShimSocket;

/** shim_socket_new() - accept connections
 * @fd listening SOCK_SEQPACKET socket; consumed on success
 * Return: 0; negative errno. */
int shim_socket_new(Manager *manager, int fd, ShimSocket **ret);
/** shim_socket_free() - accept no more; NULL is fine */
void shim_socket_free(ShimSocket *s);
