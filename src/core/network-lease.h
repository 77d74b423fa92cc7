/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which subnets a network gets, and which addresses a machine gets in them. Nothing here touches
 * the disk. */
#pragma once

#include "base/fault.h"
#include "core/network.h"

#include <stdbool.h>
#include <stdint.h>

/* Subnets that a new one must keep clear of. */
typedef struct UsedSubnets {
        GArray *subnets;   /* NetAddress, with prefix */
        GPtrArray *owners; /* whose: "network 'x'", "a route of this host"; for messages */
} UsedSubnets;

/** used_subnets_init() - none yet */
void used_subnets_init(UsedSubnets *u);
/** used_subnets_done() - free what it holds */
void used_subnets_done(UsedSubnets *u);
#define _cleanup_used_subnets_ _cleanup_(used_subnets_done)
/** used_subnets_add() - another one
 * @owner copied */
void used_subnets_add(UsedSubnets *u, const NetAddress *subnet, const char *owner);
/** used_subnets_check() - is a subnet clear of all of them?
 * Return: 0; -EEXIST with FAULT_INVALID_OPTION, naming what it overlaps with. */
int used_subnets_check(const UsedSubnets *u, const NetAddress *subnet, Fault *reterr);

/** subnets_choose() - an IPv4 /23, and an IPv6 /64 where @ipv6
 * @seed of this host, 16 bytes
 * @ret_n set even on failure
 * Return: 0; -ENOSPC FAULT_FAILED: nothing is free. */
int subnets_choose(const char *network, const uint8_t seed[static 16], bool ipv6,
                   const UsedSubnets *used, NetAddress ret[static NETWORK_SUBNETS_MAX],
                   size_t *ret_n, Fault *reterr);

/** lease_address_set() - a hash table of borrowed NetAddress; their prefixes do not matter */
GHashTable *lease_address_set(void);
/** lease_equal() - the same addresses in the same order? */
bool lease_equal(const NetworkLease *a, const NetworkLease *b);
/** lease_is_possible() - may a machine have this address in the network?
 * Of one of its subnets, not the first two nor the last one of them. */
bool lease_is_possible(const Network *n, const NetAddress *a);
/** lease_find_owner() - the machine that has an address; NULL: none */
const char *lease_find_owner(const Network *n, const NetAddress *a);

/** lease_choose() - addresses for a machine: those that it wants, and of all other subnets those it
 * has, or new ones
 * @wanted without a prefix that matters
 * @ret    with the subnets' prefixes; one of each subnet at least
 * Return: 0; -EINVAL, -EADDRINUSE a wanted one cannot be had; -ENOSPC. */
int lease_choose(const Network *n, const char *machine, const NetAddress *wanted, size_t n_wanted,
                 NetworkLease *ret, Fault *reterr);
