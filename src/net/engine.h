/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lodged wants, and the kernel made to agree: bridges and rules of all networks and members.
 * Each change is whole or has not happened. */
#pragma once

#include "base/fault.h"
#include "net/netlink.h"
#include "net/nft.h"
#include "wire/network-record.h"

#include <glib.h>
#include <stdbool.h>

typedef struct Engine Engine;

/** engine_new() - nothing is wanted yet, and nothing is touched
 * Return: 0; negative errno: no netlink, no nftables. */
int engine_new(Engine **ret);
/** engine_free() - the kernel keeps all of it; NULL is fine */
void engine_free(Engine *e);

/** engine_begin_sync() - all that is wanted is about to be set again */
void engine_begin_sync(Engine *e);
/** engine_end_sync() - what was not is removed, also what an earlier process has left
 * Return: 0; -EIO. */
int engine_end_sync(Engine *e, Fault *reterr);

/** engine_set_network() - bridge and rules of a network, new or changed
 * Return: 0; negative errno: nothing was changed. */
int engine_set_network(Engine *e, const NetworkRecord *n, Fault *reterr);
/** engine_unset_network() - it goes when engine_collect() finds it, unless set again before */
void engine_unset_network(Engine *e, const char *name);
/** engine_collect() - remove networks that were unset @age_usec ago or longer
 * Return: how many are left that wait for it. */
unsigned engine_collect(Engine *e, uint64_t age_usec);

/** engine_set_member() - rules of a machine
 * @m emptied on success
 * Return: 0; -ENOENT FAULT_NO_SUCH_NETWORK; another reason: nothing was changed. */
int engine_set_member(Engine *e, MemberRecord *m, Fault *reterr);
/** engine_unset_member() - nothing comes from it or gets to it any more
 * Return: 0, also if it was not there; -EIO. */
int engine_unset_member(Engine *e, const char *name, Fault *reterr);

/** engine_repair() - make the tables anew if there should be some
 * @is_sure something of them is missing; else only if one of them is
 * Return: 1 made; 0 there was no need; -EIO. */
int engine_repair(Engine *e, bool is_sure, Fault *reterr);
/** engine_repair_bridge() - make a bridge anew that is gone, with the links of its machines
 * Return: 1 made; 0 it is none that there should be; negative errno. */
int engine_repair_bridge(Engine *e, const char *bridge, Fault *reterr);
/** engine_has_bridge() - should there be a bridge of that name? */
bool engine_has_bridge(const Engine *e, const char *bridge);
/** engine_has_link() - is it a machine's, in one of our networks? */
bool engine_has_link(const Engine *e, const char *link);
/** engine_is_empty() - no network, no member? */
bool engine_is_empty(const Engine *e);

/** engine_has_members() - is a machine in that network? */
bool engine_has_members(Engine *e, const char *network);
/** engine_networks() - name -> NetworkRecord *, borrowed */
GHashTable *engine_networks(Engine *e);
/** engine_route() - its socket for links, addresses and routes */
Netlink *engine_route(Engine *e);
/** engine_nft() - its nftables context */
Nft *engine_nft(Engine *e);
