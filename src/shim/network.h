/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interfaces of a machine: made at each start of PID 1, changed while it runs, given back when
 * it has ended. The host's root does all of it, by sockets in either network namespace; the guest
 * is root of its own and may do there what it likes, so what is ours inside is known by its index.
 */
#pragma once

#include "shim/failure.h"
#include "sys/rtnetlink.h"
#include "wire/frame.h"
#include "wire/network-record.h"
#include "wire/plan.h"

#define NETWORK_HOST_ADDRESSES_MAX 16

/* An interface that the machine has from us. */
typedef struct MachineLink {
        PlanOp op;                 /* PLAN_VETH, PLAN_MACVLAN, PLAN_LINK */
        char outside[IF_NAMESIZE]; /* the host's end, what is below, what it was called */
        char inside[IF_NAMESIZE];  /* what we called it */
        int index;                 /* inside */
        LinkInfo host;             /* the host's end; PLAN_LINK: what it was before */
        NetAddress addresses[NETWORK_HOST_ADDRESSES_MAX]; /* PLAN_LINK: likewise */
        size_t n_addresses;
} MachineLink;

typedef struct Network {
        char *plan; /* the steps for interfaces that hold now */
        size_t n_plan;
        bool is_own;         /* the namespace ends with the machine */
        bool is_other;       /* it is one that somebody else made */
        Netlink host, guest; /* open while there is a PID 1 */
        MachineLink links[NETWORK_LINKS_MAX];
        size_t n_links;
} Network;

/** network_init() - nothing is open, nothing is wanted */
void network_init(Network *n);
/** network_take() - note the steps for interfaces of a machine's plan
 * Return: 0; -ENOMEM. */
int network_take(Network *n, const void *plan, size_t n_plan);
/** network_has_links() - is there anything for network_attach() to do? */
bool network_has_links(const Network *n);

/** network_attach() - carry out the steps, at the start of a PID 1
 * @machine its name, for sentences and for nothing else
 * @pidfd   of a process in the machine's network namespace
 * Return: 0; negative errno with @f set: network_detach() undoes what was done. */
int network_attach(Network *n, const char *machine, int pidfd, Failure *f);
/** network_detach() - give back what was the host's; the rest goes with the namespace
 * Context: while nobody needs it any more, not after the last process is gone: we hold it. */
void network_detach(Network *n);

/** network_apply() - carry out further steps, all or none, and from now on at each start
 * @plan checked
 * Return: 0; negative errno with @f set. */
int network_apply(Network *n, const char *machine, int pidfd, const void *plan, size_t n_plan,
                  Failure *f);
/** network_remove() - take an interface away, now and for good
 * @inside what we called it
 * Return: 0; -ENODEV there is none; negative errno. @f is set. */
int network_remove(Network *n, const char *machine, const char *inside, Failure *f);

/** network_add_counters() - append a group for each interface from us to FRAME_LINKS, in a
 * namespace of somebody else for each that is there
 * @pidfd of PID 1 */
void network_add_counters(Network *n, int pidfd, FrameWriter *w);
/** network_add_indices() - append the host's ends to FRAME_STATE */
void network_add_indices(const Network *n, FrameWriter *w);
