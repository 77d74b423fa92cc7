/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by dns-server.c and dns-stream.c only. */
#pragma once

#include "relay/acceptor.h"
#include "relay/dns-server.h"

#define DNS_STREAMS_MAX        64U /* connections of a network's guests */
#define DNS_STREAMS_CLIENT_MAX 8U  /* of one of them */
#define DNS_QUEUES             8U  /* sockets for datagrams, for each address */

/* One of its sockets. */
typedef struct DnsListener {
        DnsServer *server;
        NetAddress gateway;
        PortProtocol protocol;
        int fd;
        sd_event_source *io; /* UDP */
        Acceptor *acceptor;  /* TCP */
} DnsListener;

struct DnsServer {
        sd_event *event;
        DnsForwarder *forwarder;
        GHashTable *members;
        NetworkRecord network;
        DnsListener listeners[(DNS_QUEUES + 1) * NETWORK_SUBNETS_MAX];
        size_t n_listeners;
        sd_event_source *retry;
        bool has_warned;
        GQueue streams; /* DnsStream */
};

typedef enum DnsOutcome {
        DNS_DROPPED,   /* it deserves no answer */
        DNS_ANSWERED,  /* the answer is there */
        DNS_FORWARDED, /* it comes later, or, if so many wait already, never */
} DnsOutcome;

/* A question, and where its answer goes to. */
typedef struct DnsRequest {
        const uint8_t *message;
        size_t n;
        PortProtocol protocol;
        SocketAddress client;
        DnsReplyFn done; /* called with @owner */
        void *owner;
} DnsRequest;

/** dns_server_is_client() - does this address lie in the network? */
bool dns_server_is_client(const DnsServer *s, const SocketAddress *client);
/** dns_server_ask() - answer from what we know, or ask the host's resolvers
 * @ret,@size the answer goes there; @ret_n how long it is */
DnsOutcome dns_server_ask(DnsServer *s, const DnsRequest *request, uint8_t *ret, size_t size,
                          size_t *ret_n);
/** dns_stream_accepted() - an AcceptFn: serve a connection; @userdata: DnsServer */
void dns_stream_accepted(void *userdata, int fd, const SocketAddress *client);
/** dns_streams_free() - close them all */
void dns_streams_free(DnsServer *s);
