/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Among core/network*.c and core/machine-network*.c. */
#pragma once

#include "core/definition-place.h"
#include "core/network-lease.h"
#include "core/network-service.h"
#include "core/network.h"

#include <stdbool.h>

/* ---- network.c ---- */

/** network_note() - listeners are told when the loop is idle, or at manager_flush() */
void network_note(Network *n);
/** network_drop() - it is gone; frees @n */
void network_drop(Network *n);
/** network_find_user() - a machine that is in it, or wants to be; NULL: none */
const Machine *network_find_user(const Network *n);
/** networks_add_used() - the subnets of all networks
 * @but not of this one */
void networks_add_used(Manager *manager, const Network *but, UsedSubnets *used);
/** networks_up() - names of those that services are to know; free the array only */
GPtrArray *networks_up(Manager *manager);
/** network_ensure() - the network of that name, which is or was there: it is in use */
Network *network_ensure(Manager *manager, const char *name);
/** network_check_usable() - can a machine be in it?
 * Return: 0; negative errno, FAULT_START_FAILED. */
int network_check_usable(const Network *n, Fault *reterr);
/** network_add() - know it from now on, and announce it; @n is consumed */
void network_add(Network *n);
/** network_new() - one without a file; not known yet */
Network *network_new(Manager *manager, const char *name);
/** network_load_file() - read its file and its state
 * A broken one is kept as load_error. */
void network_load_file(Network *n);
/** network_has_subnets() - are its subnets known, even if that is none? */
bool network_has_subnets(const Network *n);
/** network_add_record() - the fields of FRAME_NETWORK_SET
 * Return: false: it is not up. */
bool network_add_record(Manager *manager, const char *name, FrameWriter *w);
/** networks_adopted() - all machines that run are known, and so which networks are up */
void networks_adopted(Manager *manager);
/** network_update_use() - machines have come or gone: is it up? Services are told
 * May free @n. */
void network_update_use(Network *n);

/* ---- network-state.c ---- */

/** network_read_state() - chosen subnets and leases from disk; what is wrong there is left out,
 * with a warning */
void network_read_state(Network *n);
/** network_write_state() - both to disk, now
 * Return: 0; negative errno with a sentence. */
int network_write_state(Network *n, Fault *reterr);
/** network_delete_state() - it is removed */
void network_delete_state(Network *n);
/** network_set_lease() - a machine has these addresses now */
void network_set_lease(Network *n, const char *machine, const NetworkLease *lease);
/** network_leases_changed() - to be written soon */
void network_leases_changed(Network *n);
/** networks_forget_lost() - drop the leases of machines that nobody defines any more */
void networks_forget_lost(Manager *manager);

/* ---- network-choose.c ---- */

typedef void (*NetworkPreparedFn)(void *userdata, const Fault *fault);

/** network_prepare() - see to it that it has subnets; @done may be called from within */
void network_prepare(Network *n, NetworkPreparedFn done, void *userdata);
/** network_prepare_forget() - who waits with this @userdata is gone */
void network_prepare_forget(Manager *manager, const void *userdata);
/** network_host_has_ipv6() - does this host's kernel know it? */
bool network_host_has_ipv6(void);
/** network_parse_subnets() - those of its settings
 * Return: how many; -EINVAL. */
int network_parse_subnets(const NetworkSettings *s, NetAddress ret[static NETWORK_SUBNETS_MAX]);

/* ---- network-hosts.c ---- */

/** network_hosts_changed() - the list of names for the host is to be written anew */
void network_hosts_changed(Manager *manager);
