/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What enables a unit: links in directories of systemd's, which it makes and deletes when it is
 * asked to. */
#pragma once

#include <systemd/sd-bus.h>

typedef struct UnitLinks UnitLinks;

/* The links of @from lead to another unit now; @error: not, or not all, for this reason. Borrowed.
 */
typedef void (*UnitLinksDone)(void *userdata, const char *from, const char *error);

/** unit_links_new() - nothing is asked yet
 * @root        "" but in tests; static
 * @bus         attached to the event loop; outlives this, or is replaced
 * @answer_usec how long systemd may take to answer
 * Return: never NULL. */
UnitLinks *unit_links_new(const char *root, sd_bus *bus, uint64_t answer_usec, UnitLinksDone done,
                          void *userdata);
/** unit_links_set_bus() - another connection, after the one before was closed: what was asked is
 * asked again */
void unit_links_set_bus(UnitLinks *links, sd_bus *bus);
/** unit_links_free() - forget what was asked; NULL is fine */
void unit_links_free(UnitLinks *links);

/** unit_links_count() - Return: of how many units they are on the way */
size_t unit_links_count(const UnitLinks *links);

/** unit_links_move() - what wants, requires or upholds @from by a link is to do so with @to
 * First all that is new is made, then what is old deleted: whenever this ends, one of them is
 * enabled, and it can be begun anew.
 * Return: 1 it is told later; 0 there is none; negative errno. */
int unit_links_move(UnitLinks *links, const char *from, const char *to);
