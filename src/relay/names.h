/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the names of a network are: its members, and the gateway. No I/O. */
#pragma once

#include "relay/dns-message.h"
#include "wire/network-record.h"

#include <glib.h>

#define NAMES_DOMAIN "lodge" /* each name is also to be had below it */

/** names_key() - a member's name as the table has it
 * Return: newly allocated; g_free(). */
char *names_key(const char *name);

/* Who asks, and where. */
typedef struct Names {
        GHashTable *members; /* names_key() -> MemberRecord, of all networks */
        const NetworkRecord *network;
        NetAddress asker;
} Names;

/** names_is_shut_in() - is it a machine that asks and that may reach nothing at all? */
bool names_is_shut_in(const Names *names);

/** names_answer() - what is there to say about a name
 * Machines are found in @names->network and, by one that is in others, too, in those.
 * Return: true and @ret is the answer; false: it is not ours to say, ask the host's resolvers. */
bool names_answer(const Names *names, const DnsQuery *q, DnsAnswer *ret);
