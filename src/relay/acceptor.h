/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections that come in at a socket; waits a moment when there is no descriptor left for one. */
#pragma once

#include "relay/socket-address.h"

#include <systemd/sd-event.h>

typedef struct Acceptor Acceptor;

/* @fd non-blocking; the callee's */
typedef void (*AcceptFn)(void *userdata, int fd, const SocketAddress *client);

/** acceptor_new() - accept from now on
 * @fd listens; borrowed
 * Return: 0; negative errno. */
int acceptor_new(sd_event *event, int fd, AcceptFn accepted, void *userdata, Acceptor **ret);
/** acceptor_free() - NULL is fine
 * Return: always NULL. */
Acceptor *acceptor_free(Acceptor *a);
/** acceptor_hold() - let new connections wait, or no longer */
void acceptor_hold(Acceptor *a, bool hold);
