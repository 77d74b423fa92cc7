/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a machine's files say of its network. */
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
/* Texts of its files; NULL: the image's is left alone. */
typedef struct GuestNetworkFiles {
        char *hosts, *resolv_conf;
} GuestNetworkFiles;

/** guest_network_files() - what they say
 * @ret guest_network_files_done() frees it, after a failure too
 * Return: 0; -ENOMEM. */
int guest_network_files(const GuestNetwork *g, GuestNetworkFiles *ret);
/** guest_network_files_done() - free the texts */
void guest_network_files_done(GuestNetworkFiles *f);
/** guest_network_add_rewrite() - have a machine that runs follow a change of its network
 * What somebody inside has changed stays. For FRAME_FILES_APPLY; no step: nothing has changed. */
void guest_network_add_rewrite(PlanWriter *w, const GuestNetworkFiles *before,
                               const GuestNetworkFiles *after);

/** guest_network_add_inner() - the namespace's own switches */
void guest_network_add_inner(PlanWriter *w, const GuestNetwork *g);
