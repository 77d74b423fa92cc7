/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One element of Network=, Publish= or Egress=, and Bandwidth=. Text and rules, no I/O. libc only.
 */
#pragma once

#include "base/fault.h"
#include "base/net-address.h"

#include <stdbool.h>
#include <stdint.h>

#define NETWORK_ENTRY_ADDRESSES_MAX 4
#define NETWORK_ENTRY_DNS_MAX       3 /* as resolv.conf(5) */

/* Of a machine; each may become two elements of a MemberRecord (wire/network-record.h). */
#define NETWORK_ENTRIES_MAX 16
#define PORT_ENTRIES_MAX    128
#define EGRESS_ENTRIES_MAX  128

#define NETWORK_MTU_MIN 1280 /* with less there is no IPv6 */
#define NETWORK_MTU_MAX 65535

typedef enum NetworkKind {
        NETWORK_KIND_NONE,      /* "none": loopback only; alone */
        NETWORK_KIND_HOST,      /* "host": the host's; alone */
        NETWORK_KIND_NETWORK,   /* "NAME", "network=NAME", or "private": that is "default" */
        NETWORK_KIND_BRIDGE,    /* "bridge=IF": a veth into a bridge of the host's */
        NETWORK_KIND_MACVLAN,   /* "macvlan=IF" */
        NETWORK_KIND_INTERFACE, /* "interface=IF": moved in, given back */
        NETWORK_KIND_NETNS,     /* "netns=PATH"; alone */
        _NETWORK_KIND_MAX,
} NetworkKind;

/* KIND[=ARGUMENT][:OPTION,..]; OPTION: address=, gateway=, dns= (each may come again), mac=, name=,
 * mtu=. In a network of lodge's an address is one of its subnets, without a prefix, and there is
 * neither gateway= nor dns=; elsewhere it has its prefix. none, host and netns take none. */
typedef struct NetworkEntry {
        NetworkKind kind;
        char *argument; /* network's name, interface or path; NULL: none, host */
        NetAddress addresses[NETWORK_ENTRY_ADDRESSES_MAX];
        size_t n_addresses;
        NetAddress gateways[2]; /* at most one of a family */
        size_t n_gateways;
        NetAddress dns[NETWORK_ENTRY_DNS_MAX];
        size_t n_dns;
        uint64_t mac; /* 0: not given */
        char *name;   /* inside; NULL: host0, host1 .. */
        uint32_t mtu; /* 0: not given */
} NetworkEntry;

/** network_entry_parse() - take an element of Network= apart
 * @text    from anybody
 * @ret     network_entry_done() frees it
 * @ret_why what is wrong, without a full stop; static
 * Return: 0; -EINVAL with @ret_why; -ENOMEM. */
int network_entry_parse(const char *text, NetworkEntry *ret, const char **ret_why);
/** network_entry_done() - free what it holds */
void network_entry_done(NetworkEntry *e);
#define _cleanup_network_entry_ _cleanup_(network_entry_done)
/** network_entry_format() - the one way to write it: what Network= keeps
 * Return: 0; -ENOMEM; caller frees @ret. */
int network_entry_format(const NetworkEntry *e, char **ret);

/** network_kind_has_link() - does it give the machine an interface? */
bool network_kind_has_link(NetworkKind kind);

/* [ADDRESS:]HOST[-LAST]:GUEST[-LAST][/tcp|udp]; an IPv6 address in brackets. */
typedef struct PortEntry {
        bool udp;
        NetAddress host; /* family 0: not given, loopback; unspecified: all of the family */
        uint16_t host_port, guest_port, count;
} PortEntry;

/** port_entry_parse() - take an element of Publish= apart; as network_entry_parse(), nothing to
 * free
 */
int port_entry_parse(const char *text, PortEntry *ret, const char **ret_why);
/** port_entry_format() - the one way to write it
 * Return: 0; -ENOMEM; caller frees @ret. */
int port_entry_format(const PortEntry *e, char **ret);
/** port_entry_overlaps() - do they want the same port of the host? */
bool port_entry_overlaps(const PortEntry *a, const PortEntry *b);

/* "none", or ADDRESS[/BITS][:PORT[-LAST]][/tcp|udp]; IPv6 in brackets if a port follows:
 * [fd00::/8]:53. Without a protocol, a port is one of both. */
typedef struct EgressEntry {
        bool none;
        NetAddress to;        /* with prefix */
        bool tcp, udp;        /* neither: any protocol, any port */
        uint16_t first, last; /* 0, 65535: any */
} EgressEntry;

/** egress_entry_parse() - take an element of Egress= apart; as port_entry_parse() */
int egress_entry_parse(const char *text, EgressEntry *ret, const char **ret_why);
/** egress_entry_format() - the one way to write it; as port_entry_format() */
int egress_entry_format(const EgressEntry *e, char **ret);

/* in=RATE, out=RATE, or both with a comma: bit/s, with K, M or G of a thousand each. From the
 * machine's side. */
typedef struct Bandwidth {
        uint64_t in, out; /* bit/s; 0: no limit. BANDWIDTH_MIN to BANDWIDTH_MAX */
} Bandwidth;

#define BANDWIDTH_MIN UINT64_C(8000)
#define BANDWIDTH_MAX UINT64_C(1000000000000)

/** bandwidth_parse() - take Bandwidth= apart
 * Return: 0; -EINVAL. */
int bandwidth_parse(const char *text, Bandwidth *ret);
/** bandwidth_format() - the one way to write it
 * Return: 0, @ret NULL for no limits; -ENOMEM. */
int bandwidth_format(const Bandwidth *b, char **ret);
