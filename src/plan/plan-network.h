/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine's interfaces -> steps of a plan. Whether it has a network namespace of its own, the
 * host's or another one, the settings alone tell (settings_network_mode()). */
#pragma once

#include "base/net-address.h"
#include "spec/network-entry.h"
#include "wire/plan.h"

#include <stddef.h>
#include <stdint.h>

/* One interface, as core has decided it. What it points to is borrowed. */
typedef struct PlanLink {
        NetworkKind kind;    /* NETWORK and BRIDGE: a veth; MACVLAN; INTERFACE */
        const char *host;    /* of a veth: its end on the host, at most 15 bytes; else NULL */
        const char *altname; /* of a veth: another, longer name for that; NULL: none */
        const char *parent;  /* the bridge (of a veth; NULL: none), or the host's interface */
        const char *inside;  /* its name in the machine */
        uint64_t mac;        /* inside; 0: the kernel's choice */
        uint32_t mtu;        /* 0: the kernel's */
        Bandwidth bandwidth; /* of a veth */
        const NetAddress *addresses; /* with prefix */
        size_t n_addresses;
        const NetAddress *gateways; /* where default routes lead; at most one of a family. Of all of
                                     * a plan's links the first that has one of a family counts */
        size_t n_gateways;
} PlanLink;

/* All of them, and what the machine's files say of its network. */
typedef struct PlanNetwork {
        const PlanLink *links;
        size_t n_links;
        const NetAddress *dns; /* name servers for /etc/resolv.conf */
        size_t n_dns;
        const char *resolv_conf; /* its text where there are no name servers: the host's. NULL: the
                                  * image's is left alone. Not looked at without any network */
} PlanNetwork;

/** plan_network_add_link() - the steps of one interface, for PLAN_STAGE_HOST and PLAN_STAGE_INNER
 * Alone they are a plan for a machine that runs (FRAME_LINK_APPLY). Of @link all gateways become
 * routes: who has a default route already must not get a second one. */
void plan_network_add_link(PlanWriter *w, const PlanLink *link);
/** plan_network_way_out() - where the default route of a family leads
 * Return: the link that counts, borrowed; NULL: there is none. */
const PlanLink *plan_network_way_out(const PlanLink *links, size_t n, int family);
/** plan_network_add_way_out() - that route alone, if there is one: for a machine that runs and has
 * lost the one it had (FRAME_LINK_APPLY) */
void plan_network_add_way_out(PlanWriter *w, const PlanNetwork *network, int family);
/** plan_network_add() - the same for all the interfaces of a start */
void plan_network_add(PlanWriter *w, const PlanNetwork *network);
