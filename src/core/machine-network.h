/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network of one run of a machine: which interfaces, addresses and ports it has, from the start
 * of its unit to the end of that. Kept in the unit's runtime directory, too, for the next lodged.
 */
#pragma once

#include "core/network-change.h"
#include "core/network-service.h"
#include "core/network-tell.h"
#include "core/network.h"
#include "plan/plan-network.h"
#include "spec/network-entry.h"

#include <stdbool.h>

struct MachineNetwork {
        Machine *machine;
        char *wanted;          /* the settings that it was made of */
        GArray *links;         /* MachineLink */
        GArray *published;     /* PortEntry */
        GArray *ports;         /* MemberPort: what those come to */
        GArray *egress;        /* EgressRule */
        char **egress_entries; /* NULL: everything gets out */
        Bandwidth bandwidth;

        NetworkChange *change;  /* that is under way; NULL: none */
        bool is_member;         /* services have been told */
        bool is_ready;          /* it runs, or may */
        NetworkTelling telling; /* what its start waits for */
};

/** machine_network_begin() - prepare all that its start needs, as early as possible
 * Done again if the settings have changed since. Nothing is told: machine_network_await() does. */
void machine_network_begin(Machine *m);
/** machine_network_await() - may the plan be sent?
 * Return: 0 yes; 1 not yet, and machine_launch() is called again; negative errno: never. */
int machine_network_await(Machine *m, Fault *reterr);
/** machine_network_give_up() - there is no shim any more that waits */
void machine_network_give_up(Machine *m);
/** machine_network_end() - the unit has ended */
void machine_network_end(Machine *m);
/** machine_network_free() - forget it, tell nobody */
void machine_network_free(Machine *m);

/** machine_network_new() - one without links; not the machine's yet */
MachineNetwork *machine_network_new(Machine *m);
/** machine_network_link() - one of its links; valid until links come or go */
MachineLink *machine_network_link(const MachineNetwork *mn, size_t i);
/** machine_network_add_link() - another link, in a network of lodge's without addresses yet
 * @e    has a name
 * @text the same as an element of Network=; copied
 * Return: 0; -ENOENT no such network; another reason. */
int machine_network_add_link(MachineNetwork *mn, const NetworkEntry *e, const char *text,
                             Fault *reterr);
/** machine_network_take_lease() - addresses for a link in a network of lodge's
 * @keep nobody else gets them from now on */
int machine_network_take_lease(MachineNetwork *mn, MachineLink *l, const NetworkEntry *e, bool keep,
                               Fault *reterr);
/** machine_network_set_egress() - what gets out
 * @entries of Egress=; copied; NULL or empty: everything */
int machine_network_set_egress(MachineNetwork *mn, char *const *entries, Fault *reterr);
/** machine_network_check_bandwidth() - can that be had with its links? */
int machine_network_check_bandwidth(const MachineNetwork *mn, const Bandwidth *b, Fault *reterr);
/** machine_network_remove_link() - the opposite of machine_network_add_link()
 * @inside its name inside */
void machine_network_remove_link(MachineNetwork *mn, const char *inside);
/** machine_network_update_use() - links have come or gone: see network_update_use()
 * @links MachineLink */
void machine_network_update_use(Manager *manager, const GArray *links);
/* What can be changed while it runs. */
typedef struct NetworkParts {
        GArray *links, *published, *ports;
        Bandwidth bandwidth;
} NetworkParts;

/** network_parts_copy() - as it is now; network_parts_free() frees it */
NetworkParts *network_parts_copy(const MachineNetwork *mn);
/** network_parts_restore() - as it was then; services are told, nobody waits for them */
void network_parts_restore(MachineNetwork *mn, NetworkParts *parts);
/** network_parts_free() - NULL is fine */
void network_parts_free(NetworkParts *parts);
/** machine_network_changed() - tell listeners, and the host's list of names */
void machine_network_changed(Machine *m);

/** machine_network_adopt() - what an earlier lodged has written down of a unit that runs */
void machine_network_adopt(Machine *m);
/** machine_network_save() - write it down; the unit's directory is there
 * Return: 0; negative errno with a sentence. */
int machine_network_save(const Machine *m, Fault *reterr);

/** machine_network_add_record() - the fields of FRAME_MEMBER_SET
 * Return: false: there is no such member. */
bool machine_network_add_record(Manager *manager, const char *name, FrameWriter *w);
/** network_machines() - names of all machines that are members; free the array only */
GPtrArray *network_machines(Manager *manager);

/** machine_network_imagine() - what a start would prepare now; nobody is told
 * Return: NULL with a sentence, or where it has no interfaces; caller frees with
 * machine_network_drop(). */
MachineNetwork *machine_network_imagine(Machine *m, Fault *reterr);
/** machine_network_drop() - free one that is not the machine's; NULL is fine */
void machine_network_drop(MachineNetwork *mn);

/* What plan_compile() is told of it; borrows from the machine. */
typedef struct NetworkFacts {
        PlanNetwork plan;
        MachineNetwork *imagined; /* NULL: that of the start */
        GArray *links;            /* PlanLink */
        GPtrArray *entries;       /* NetworkEntry */
        GPtrArray *parts;         /* what links point to */
        GArray *dns;              /* NetAddress */
        bool dns_is_internal;     /* these know nothing of the world */
        char *resolv_conf;
} NetworkFacts;

/** network_facts_make() - from what a start has prepared; if none has, from what it would be
 * Return: 0; negative errno with a sentence. */
int network_facts_make(Machine *m, NetworkFacts *ret, Fault *reterr);
/** network_facts_done() - free what it holds */
void network_facts_done(NetworkFacts *f);
#define _cleanup_network_facts_ _cleanup_(network_facts_done)
