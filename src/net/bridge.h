/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bridge of a network, with its addresses. A bridge is known as ours by its alias,
 * "lodge network NAME". */
#pragma once

#include "base/fault.h"
#include "net/netlink.h"
#include "wire/network-record.h"

#include <glib.h>

/* What the host's own TCP to a machine goes by: packets of this size cross bridge and veth whole.
 */
#define BRIDGE_PACKET_MAX 200000U

/** bridge_set() - make it, or make it be as @n wants it
 * Return: 0; -EEXIST FAULT_BUSY: the name is taken by an interface that is not ours; another
 * reason. */
int bridge_set(Netlink *route, const NetworkRecord *n, Fault *reterr);
/** bridge_take_large_packets() - let packets be as large as BRIDGE_PACKET_MAX; slower without
 * The kernel forbids it while nothing is attached to the bridge, and forgets it then. */
void bridge_take_large_packets(Netlink *route, unsigned index);
/** bridge_reflect() - let a bridge send back to a port what came from there
 * So that a machine reaches its own published port where br_netfilter is: that rewrites addresses
 * before the bridge has looked where a packet goes. The rules take away all else that would come
 * back.
 * @index of the port */
void bridge_reflect(Netlink *route, unsigned index);
/** bridge_attach() - make an interface a port of it
 * Return: 0; -ENODEV there is none such; negative errno. */
int bridge_attach(Netlink *route, const char *bridge, const char *link);
/** bridge_remove() - delete it if it is that network's
 * Return: 0, also if there is none; another reason. */
int bridge_remove(Netlink *route, const char *bridge, const char *network, Fault *reterr);
/** bridge_list() - all bridges of ours
 * @ret new: name of the bridge -> name of the network; g_hash_table_unref() it
 * Return: 0; negative errno. */
int bridge_list(Netlink *route, GHashTable **ret);
/** bridge_has_carrier() - is a link attached to it, and is it up?
 * Return: 1, 0; -ENODEV there is none; negative errno. */
int bridge_has_carrier(Netlink *route, const char *bridge);
