/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interfaces, addresses, routes and queues by rtnetlink(7). Each call is one request to the kernel
 * and returns its negative errno; n->reason then says more if the kernel did. */
#pragma once

#include "base/net-address.h"
#include "sys/netlink.h"

#include <net/if.h>
#include <stdbool.h>

#define LINK_KIND_MAX  16
#define LOOPBACK_INDEX 1 /* in every network namespace */

typedef struct LinkStats {
        uint64_t rx_bytes, rx_packets, rx_drops, tx_bytes, tx_packets, tx_drops;
} LinkStats;

/* What there is. */
typedef struct LinkInfo {
        int index;
        int master; /* index of its bridge; 0: none */
        int peer;   /* veth: index of the other end, in its own namespace */
        char name[IF_NAMESIZE];
        char kind[LINK_KIND_MAX]; /* "veth", "bridge"; empty: a device */
        uint64_t mac;
        uint32_t mtu;
        bool is_up, is_loopback;
        bool is_running; /* packets pass: what it takes after that it is up is done, too */
        LinkStats stats;
} LinkInfo;

/* What there is to be. */
typedef struct LinkTarget {
        const char *name; /* NULL: as it is, or the kernel's choice */
        uint64_t mac;     /* 0: likewise */
        uint32_t mtu;     /* 0: likewise */
        int netns;        /* a descriptor of its network namespace; negative: the socket's */
} LinkTarget;

/** rtnetlink_open() - a socket in the caller's network namespace */
int rtnetlink_open(Netlink *ret);
/** rtnetlink_open_in() - a socket in another one, see netlink_open_in() */
int rtnetlink_open_in(int netns, int own, Netlink *ret);

/** rtnetlink_link() - look an interface up
 * @index 0: by @name
 * @name  NULL: by @index
 * Return: 0; -ENODEV; negative errno. */
int rtnetlink_link(Netlink *n, int index, const char *name, LinkInfo *ret);

/* Return: 0; negative errno, which ends the walk. */
typedef int (*LinkFn)(const LinkInfo *link, void *arg);
/** rtnetlink_links() - all interfaces, by index on most kernels */
int rtnetlink_links(Netlink *n, LinkFn fn, void *arg);

/** rtnetlink_add_veth() - two ends, of which one is elsewhere; both down
 * Packets of up to BIG TCP's size pass between them where the kernel can.
 * @master index of a bridge that @end joins; 0: none
 * @peer   the other end
 * Return: 0; -EEXIST a name is taken; negative errno. */
int rtnetlink_add_veth(Netlink *n, const LinkTarget *end, int master, const LinkTarget *peer);
/** rtnetlink_add_macvlan() - an interface of its own on another one, "bridge" mode, down
 * @below index of that one */
int rtnetlink_add_macvlan(Netlink *n, int below, const LinkTarget *end);
/** rtnetlink_change() - move it, rename it, give it another MAC or MTU
 * One that moves, or is renamed on an old kernel, goes down. */
int rtnetlink_change(Netlink *n, int index, const LinkTarget *to);
/** rtnetlink_set_master() - let it join a bridge */
int rtnetlink_set_master(Netlink *n, int index, int master);
/** rtnetlink_up() - bring it up */
int rtnetlink_up(Netlink *n, int index);
/** rtnetlink_up_loopback() - bring the loopback interface of the caller's network namespace up
 * The kernel adds 127.0.0.1 and ::1 by itself. */
int rtnetlink_up_loopback(void);
/** rtnetlink_up_port() - likewise the port of a bridge: it needs no address of its own, not even
 * IPv6's link-local one */
int rtnetlink_up_port(Netlink *n, int index);
/** rtnetlink_delete() - delete a virtual interface; a veth's other end goes, too */
int rtnetlink_delete(Netlink *n, int index);
/** rtnetlink_add_altname() - give it another name, up to 127 bytes */
int rtnetlink_add_altname(Netlink *n, int index, const char *name);

/** rtnetlink_set_rate() - limit what is sent through it
 * @bits a second; 0: no limit any more
 * @mtu  its MTU: not less than that passes at once */
int rtnetlink_set_rate(Netlink *n, int index, uint64_t bits, uint32_t mtu);

/** rtnetlink_add_address() - give it an address, of which IPv6 is not to ask whether others have it
 */
int rtnetlink_add_address(Netlink *n, int index, const NetAddress *address);
/** rtnetlink_addresses() - those that it has for good, but for link-local ones
 * @ret room for @max; more are passed over
 * Return: their number; negative errno. */
int rtnetlink_addresses(Netlink *n, int index, NetAddress *ret, size_t max);
/** rtnetlink_add_route() - a route over it
 * @to      with prefix; 0: default route
 * @gateway family 0: on link */
int rtnetlink_add_route(Netlink *n, int index, const NetAddress *to, const NetAddress *gateway);
