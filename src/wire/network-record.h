/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lodged tells lodge-net and lodge-relay: networks, and what machines are in them. All of it
 * is decided by lodged; the services only carry it out. Either is sent whole whenever a part of it
 * changes (FRAME_NETWORK_SET, FRAME_MEMBER_SET). */
#pragma once

#include "base/net-address.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stdint.h>

#define NETWORK_NAME_MAX      64
#define NETWORK_SUBNETS_MAX   4
#define NETWORK_LINKS_MAX     16  /* of a machine */
#define NETWORK_PORTS_MAX     256 /* entries of a machine; an entry may be a range */
#define NETWORK_EGRESS_MAX    256
#define NETWORK_LINK_NAME_MAX 16 /* IFNAMSIZ */

typedef enum NetworkFlags {
        NETWORK_INTERNAL = 1 << 0, /* no way out of it, nor in but from the host */
        NETWORK_NAT = 1 << 1,      /* what leaves the host has the host's address */
        NETWORK_NAMES = 1 << 2,    /* lodge-relay answers DNS at the gateways' addresses */
        _NETWORK_FLAGS_ALL = 7,
} NetworkFlags;

/* A network that machines are in now: a bridge with addresses. */
typedef struct NetworkRecord {
        char name[NETWORK_NAME_MAX + 1];
        char bridge[NETWORK_LINK_NAME_MAX];
        uint64_t mac;                             /* the bridge's */
        uint32_t mtu;                             /* 0: the kernel's */
        uint32_t flags;                           /* NetworkFlags */
        NetAddress gateways[NETWORK_SUBNETS_MAX]; /* the bridge's addresses, with the subnets'
                                                     prefix */
        size_t n_gateways;
} NetworkRecord;

/* One interface of a machine that lies in a network of lodge's. */
typedef struct MemberLink {
        char network[NETWORK_NAME_MAX + 1];
        char link[NETWORK_LINK_NAME_MAX]; /* the host's end; it may not be there yet */
        uint64_t mac;                     /* inside */
        NetAddress addresses[NETWORK_SUBNETS_MAX];
        size_t n_addresses;
} MemberLink;

typedef enum PortProtocol {
        PORT_TCP,
        PORT_UDP,
        _PORT_PROTOCOL_MAX,
} PortProtocol;

/* A published port, or a range of them. */
typedef struct MemberPort {
        PortProtocol protocol;
        NetAddress host; /* where it is open on the host; unspecified: any address of that family */
        uint16_t host_port, guest_port; /* the first ones */
        uint16_t count;                 /* at least 1; the last port is below 65536 */
        NetAddress guest4, guest6; /* where to: family 0 if the machine has none. One at least */
} MemberPort;

/* What an egress list lets through. */
typedef struct EgressRule {
        NetAddress to;        /* with prefix */
        int protocol;         /* PortProtocol; -1: any, and any port */
        uint16_t first, last; /* 0 and 65535: any */
} EgressRule;

typedef struct MemberRecord {
        char name[NETWORK_NAME_MAX + 1]; /* the machine's; what it is called in its networks */
        MemberLink *links;
        size_t n_links;
        MemberPort *ports;
        size_t n_ports;
        uint64_t rate;   /* bit/s from the machine, on each link; 0: no limit */
        bool has_egress; /* nothing but @egress, DNS of its networks and answers gets out */
        EgressRule *egress;
        size_t n_egress;
} MemberRecord;

/** network_record_add() - append its fields to a begun FRAME_NETWORK_SET */
void network_record_add(FrameWriter *w, const NetworkRecord *n);
/** network_record_read() - the same from a received frame; everything is checked
 * Return: 0; -EBADMSG. */
int network_record_read(const Frame *f, NetworkRecord *ret);

/** member_record_add() - append its fields to a begun FRAME_MEMBER_SET */
void member_record_add(FrameWriter *w, const MemberRecord *m);
/** member_record_read() - the same from a received frame; everything is checked
 * @ret member_record_done() frees it
 * Return: 0; -EBADMSG; -ENOMEM. */
int member_record_read(const Frame *f, MemberRecord *ret);
/** member_record_done() - free what it holds */
void member_record_done(MemberRecord *m);
#define _cleanup_member_record_ _cleanup_(member_record_done)

/** port_protocol_name() - "tcp", "udp"; NULL out of range */
const char *port_protocol_name(PortProtocol p);
