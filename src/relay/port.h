/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One published port: its socket, and the machine behind it. */
#pragma once

#include "relay/acceptor.h"
#include "relay/pipe-pool.h"
#include "relay/socket-address.h"
#include "wire/network-record.h"

#include <glib.h>
#include <systemd/sd-event.h>

#define PORT_CONNECTIONS_MAX 1024U

/* What makes a port another one; no padding, it is hashed as it lies in memory. */
typedef struct PortKey {
        uint8_t address[16];
        uint16_t family, protocol, port, zero;
} PortKey;

typedef struct Port {
        PortKey key;
        sd_event *event;
        PipePool *pipes;
        char *machine;
        NetAddress guest4, guest6;
        uint16_t guest_port;
        int fd;
        Acceptor *acceptor;  /* TCP */
        sd_event_source *io; /* UDP */
        sd_event_source *expiry;
        GQueue connections; /* TCP: Connection; UDP: Flow */
        GHashTable *flows;  /* UDP: of client's address */
} Port;

/** port_hash_bytes() - of a key in a table */
guint port_hash_bytes(const void *p, size_t n);

/** port_open() - take it
 * Return: 0; -EADDRINUSE and the like. */
int port_open(sd_event *event, PipePool *pipes, const PortKey *key, const char *machine,
              Port **ret);
/** port_free() - close it, and cut its connections; NULL is fine */
void port_free(Port *p);
/** port_target() - where a new connection goes to: the family it has come by, if the machine has
 * one
 * @other the other family, if there is one
 * Return: false if there is none. */
bool port_target(const Port *p, bool other, SocketAddress *ret);

/** port_stream_accepted() - an AcceptFn: relay a TCP connection; @userdata: Port */
void port_stream_accepted(void *userdata, int fd, const SocketAddress *client);
/** port_streams_free() - cut all TCP connections */
void port_streams_free(Port *p);
/** port_datagrams_open() - relay datagrams that come to @p->fd
 * Return: 0; negative errno. */
int port_datagrams_open(Port *p);
/** port_datagrams_free() - forget all flows */
void port_datagrams_free(Port *p);
