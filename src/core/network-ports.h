/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Published ports of machines, and who has which; what an egress list lets through. */
#pragma once

#include "base/fault.h"
#include "core/machine-network.h"

/** ports_update() - what a machine publishes, with the addresses that its links have now
 * @mn its published entries; on failure its ports are what they were
 * Return: 0; -EADDRINUSE FAULT_BUSY: another machine has one, the sentence says which; -EINVAL. */
int ports_update(MachineNetwork *mn, Fault *reterr);
/** ports_add_egress() - what an entry lets through
 * @rules EgressRule, appended to */
void ports_add_egress(GArray *rules, const EgressEntry *e);

/** ports_is_taken() - did a service fail because of a port that something else has?
 * @ret_item new text for ports_taken(), caller frees with g_free() */
bool ports_is_taken(const Frame *reply, const Fault *fault, char **ret_item);
/** ports_taken() - the fault of a port that something else on the host has
 * @item  "tcp 127.0.0.1 8080", from a service
 * @owner lodge-net's answer; NULL: nobody knows */
void ports_taken(const char *item, const Frame *owner, Fault *ret);
