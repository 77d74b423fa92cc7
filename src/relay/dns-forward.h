/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions that are not ours to answer, passed on to the host's resolvers. Each has an id and a
 * socket, so a port, of its own; at most so many at a time are under way. */
#pragma once

#include "relay/dns-message.h"
#include "relay/socket-address.h"

#include <systemd/sd-event.h>

#define DNS_FORWARD_MAX        512U /* at a time */
#define DNS_FORWARD_CLIENT_MAX 64U  /* of one address */

typedef struct DnsForwarder DnsForwarder;

/* The answer, of a resolver or, if none has one, our own that says so. */
typedef void (*DnsReplyFn)(void *owner, const SocketAddress *client, const uint8_t *reply,
                           size_t n);

typedef struct DnsForwardArgs {
        const uint8_t *message; /* what @query was parsed from */
        size_t n;
        const DnsQuery *query;
        PortProtocol protocol; /* as the guest has asked: what it cannot take is not fetched */
        SocketAddress client;
        DnsReplyFn done;
        void *owner;
} DnsForwardArgs;

/** dns_forwarder_new() - @resolv_conf: path of the file that names the resolvers */
DnsForwarder *dns_forwarder_new(sd_event *event, const char *resolv_conf);
/** dns_forwarder_free() - nobody is told any more; NULL is fine */
void dns_forwarder_free(DnsForwarder *f);

/** dns_forward() - ask
 * Return: 0 and @done is called, once, later; -EBUSY too many; -EBADMSG.. */
int dns_forward(DnsForwarder *f, const DnsForwardArgs *args);
/** dns_forward_cancel() - forget what @owner has asked; it is not told */
void dns_forward_cancel(DnsForwarder *f, const void *owner);
