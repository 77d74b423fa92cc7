/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Our nftables tables, as text for libnftables: "inet lodge", and "bridge lodge" for what inet does
 * not see. Rules are constant (rules-text.c); networks and machines are elements of their sets and
 * maps. Pure: nothing here talks to the kernel. */
#pragma once

#include "wire/network-record.h"

#include <glib.h>
#include <stdbool.h>

/* In the order in which they are added; rules-text.c says what each is for. */
typedef enum RuleSet {
        RULE_BRIDGES,
        RULE_SAME,
        RULE_INTERNAL,
        RULE_NAT,
        RULE_OWN4,
        RULE_OWN6,
        RULE_GATEWAYS4,
        RULE_GATEWAYS6,
        RULE_MEMBERS4,
        RULE_MEMBERS6,
        RULE_RESTRICTED4,
        RULE_RESTRICTED6,
        RULE_EGRESS4,
        RULE_EGRESS6,
        RULE_LOCAL4,
        RULE_PORTS4,
        RULE_PORTS6,
        RULE_ANY4,
        RULE_ANY6,
        RULE_NEAR4,
        RULE_NEAR6,
        RULE_LINKS,
        RULE_MACS,
        RULE_SOURCES4,
        RULE_SOURCES6,
        RULE_TARGETS6,
        RULE_MIRROR,
        RULE_LINKS_RESTRICTED,
        RULE_LINKS_EGRESS4,
        RULE_LINKS_EGRESS6,
        RULE_LIMITS, /* objects, that the next one refers to */
        RULE_RATES,
        _RULE_SET_MAX,
} RuleSet;

/* An element of one of them. */
typedef struct RuleItem {
        RuleSet set;
        char *key;
        char *value; /* of a map or an object; NULL: it is an element of a set */
} RuleItem;

/* What all networks and members have in the sets, counted: two may want the same element. */
typedef struct Rules Rules;

/** rules_new() - nothing yet; rules_free() it */
Rules *rules_new(void);
/** rules_free() - NULL is fine */
void rules_free(Rules *rules);

/** rules_of_network() - its elements
 * Return: new array of items, g_ptr_array_unref() it. */
GPtrArray *rules_of_network(const NetworkRecord *n);
/** rules_of_member() - its elements
 * @networks name -> NetworkRecord *; a link in none of them gets nothing
 * Return: as above. */
GPtrArray *rules_of_member(const MemberRecord *m, GHashTable *networks);

/** rules_change() - replace elements of one network or member, in memory
 * @old,@new items from the functions above; NULL: none
 * @text     the commands that do the same in the kernel are appended; NULL: nobody wants them
 *
 * Called for each part of a transaction; the inverse of a call undoes it. */
void rules_change(Rules *rules, GPtrArray *old, GPtrArray *new, GString *text);
/** rules_print() - commands that make both tables anew, whatever there was */
void rules_print(const Rules *rules, GString *text);
/** rules_print_removal() - commands that leave nothing of ours */
void rules_print_removal(GString *text);
/** rules_is_empty() - no element left? */
bool rules_is_empty(const Rules *rules);
