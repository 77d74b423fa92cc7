/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The resolver that a network's guests have at its gateways' addresses: udp and tcp, port 53. */
#pragma once

#include "relay/dns-forward.h"
#include "wire/network-record.h"

#include <glib.h>

typedef struct DnsServer DnsServer;

typedef struct DnsServerArgs {
        sd_event *event;
        DnsForwarder *forwarder;
        GHashTable *members; /* see names.h */
} DnsServerArgs;

/** dns_server_new() - open its sockets
 * What cannot be opened, as somebody else has the port, is tried again now and then: machines go
 * without names rather than without a network.
 * @network copied */
DnsServer *dns_server_new(const DnsServerArgs *args, const NetworkRecord *network);
/** dns_server_free() - close them and forget who waits for an answer; NULL is fine */
void dns_server_free(DnsServer *s);
