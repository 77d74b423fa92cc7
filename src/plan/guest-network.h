/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a machine's files say of its network. Private to plan. */
#pragma once

#include "plan/plan-network.h"
#include "spec/settings.h"
#include "wire/plan.h"

typedef struct GuestNetwork {
        NetworkMode mode;
        const PlanNetwork *network; /* never NULL */
        const char *hostname;
        const char *name; /* the machine's */
} GuestNetwork;

/** guest_network_is_own() - has the machine a network namespace that nobody else is in? */
bool guest_network_is_own(const GuestNetwork *g);
/** guest_network_add_tree() - /etc/hosts, /etc/resolv.conf */
void guest_network_add_tree(PlanWriter *w, const GuestNetwork *g);
/** guest_network_add_outer() - files below /run, which is mounted */
void guest_network_add_outer(PlanWriter *w, const GuestNetwork *g);
/** guest_network_add_inner() - the namespace's own switches */
void guest_network_add_inner(PlanWriter *w, const GuestNetwork *g);
