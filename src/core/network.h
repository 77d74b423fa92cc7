/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networks, who is in them with which address, and what the network's services are told of it.
 * lodged decides, lodge-net and lodge-relay carry out (wire/network-record.h); the machine's own
 * interfaces are made by its shim, by the plan. */
#pragma once

#include "base/fault.h"
#include "base/net-address.h"
#include "core/ports.h"
#include "core/request.h"
#include "core/types.h"
#include "spec/network-settings.h"
#include "wire/network-record.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What a machine has in a network, also while it does not run. */
typedef struct NetworkLease {
        NetAddress addresses[NETWORK_SUBNETS_MAX]; /* with the subnets' prefix */
        size_t n;
} NetworkLease;

/* For reading outside of core/network*.c. */
struct Network {
        Manager *manager;
        char *name;
        char *path; /* of its file; NULL: built in ("default") */
        NetworkSettings settings;
        Fault load_error;                        /* why the file cannot be used */
        NetAddress subnets[NETWORK_SUBNETS_MAX]; /* what it has; n 0: not chosen yet (never used) */
        size_t n_subnets;
        char bridge[NETWORK_LINK_NAME_MAX];
        GHashTable *leases; /* machine's name -> NetworkLease */
        bool is_up;         /* a machine is in it */

        bool is_changed;            /* listeners have not been told */
        bool is_stale;              /* its file has changed while it was up */
        bool is_unsaved;            /* leases have changed since they were written */
        char *kept_text, *run_text; /* what is in its files of state; NULL: no file */
};

/* One interface of a machine; kept while it runs. */
typedef struct MachineLink {
        char *entry;                        /* element of Network= it comes from */
        char *network;                      /* NULL: none of lodge's */
        char inside[NETWORK_LINK_NAME_MAX]; /* its name there */
        char host[NETWORK_LINK_NAME_MAX];   /* the host's end; "" : none */
        bool is_veth;
        unsigned number; /* of the machine's veths */
        uint64_t mac;    /* 0: not ours to say */
        NetAddress addresses[NETWORK_SUBNETS_MAX];
        size_t n_addresses;
} MachineLink;

/** networks_load() - make the networks agree with their files; at start, and when directories
 * change
 */
void networks_load(Manager *manager);
/** networks_load_name() - the same for one name: the file has come, changed or gone
 * A network with machines in it stays what it is until they have gone. */
void networks_load_name(Manager *manager, const char *name);
/** network_free() - forget it */
void network_free(Network *n);
/** networks_check_settings() - is each network known that a machine wants?
 * Return: 0; -ENOENT FAULT_NO_SUCH_NETWORK. */
int networks_check_settings(Manager *manager, const Settings *s, Fault *reterr);
/** networks_flush() - tell the listeners now */
void networks_flush(Manager *manager);
/** networks_save() - write down now what would be soon */
void networks_save(Manager *manager);
/** networks_save_soon() - write what is to be written without waiting for more of it
 * The file of a run that has ended tells its addresses no longer. */
void networks_save_soon(Manager *manager);
/** networks_forget_machine() - it is removed: its addresses may be others' */
void networks_forget_machine(Manager *manager, const char *machine);
/** networks_rename_machine() - the addresses of @from are @to's; on disk when it returns
 * Return: 0; negative errno with a sentence. */
int networks_rename_machine(Manager *manager, const char *from, const char *to, Fault *reterr);

/** network_set_firewall() - from now on there is one; without, nothing happens here */
void network_set_firewall(Manager *manager, const FirewallPort *port);

/** network_get() - a network by its name
 * Return: 0; -EINVAL FAULT_INVALID_NAME; -ENOENT FAULT_NO_SUCH_NETWORK. */
int network_get(Manager *manager, const char *name, Network **ret, Fault *reterr);
/** network_create() - write its file; answered when its subnets are chosen and free
 * @s emptied on success
 * Return: 0 and the answer comes; -EEXIST; -EINVAL; another reason at once. */
int network_create(Manager *manager, const char *name, NetworkSettings *s, AnswerFn done,
                   void *userdata, Fault *reterr);
/** network_remove() - delete its file and its leases
 * Return: 0; -EBUSY a machine that exists wants it (the sentence names it), or it is built in. */
int network_remove(Network *network, Fault *reterr);
/** network_gateway() - the bridge's address in its subnet @i */
NetAddress network_gateway(const Network *network, size_t i);
/** network_members() - names of the machines that are in it now; g_free() the array only */
GPtrArray *network_members(const Network *network);

/** machine_links() - its interfaces while it runs, else none
 * @ret_n how many; the array is borrowed */
const MachineLink *machine_links(const Machine *m, size_t *ret_n);
/** machine_ports() - what is published while it runs, else none */
const MemberPort *machine_ports(const Machine *m, size_t *ret_n);
/** machine_bandwidth() - its limits while it runs, else those of the definition */
const Bandwidth *machine_bandwidth(const Machine *m);

/* What can be changed while it runs; each is answered. @persist: the definition, too; without it
 * the change ends with this run. On a stopped machine they need @persist. */

/** machine_attach_network() - give it another interface; @entry: element of Network=
 * Return: 0 and the answer comes; -EEXIST it is in that network; -EINVAL; another reason. */
int machine_attach_network(Machine *m, const char *entry, bool persist, AnswerFn done,
                           void *userdata, Fault *reterr);
/** machine_detach_network() - take it away; @name: the network, or the interface's name inside */
int machine_detach_network(Machine *m, const char *name, bool persist, AnswerFn done,
                           void *userdata, Fault *reterr);
/** machine_add_port() - publish; @entry: element of Publish=
 * Return: 0 and the answer comes; -EADDRINUSE FAULT_BUSY: the sentence names who has it. */
int machine_add_port(Machine *m, const char *entry, bool persist, AnswerFn done, void *userdata,
                     Fault *reterr);
/** machine_remove_port() - the inverse; @entry as it was published */
int machine_remove_port(Machine *m, const char *entry, bool persist, AnswerFn done, void *userdata,
                        Fault *reterr);
/** machine_set_bandwidth() - another Bandwidth=; NULL or "": no limit */
int machine_set_bandwidth(Machine *m, const char *value, bool persist, AnswerFn done,
                          void *userdata, Fault *reterr);

/* Counters of one interface, as the machine sees them. */
struct LinkStats {
        char *inside;
        uint64_t rx_bytes, rx_packets, rx_drops, tx_bytes, tx_packets, tx_drops;
};

/** machine_read_stats() - ask the shim; answered with answer->stats (an array of LinkStats)
 * Return: 0 and the answer comes; -ESRCH not running. */
int machine_read_stats(Machine *m, AnswerFn done, void *userdata, Fault *reterr);
/** network_check() - what on this host drops or misleads traffic; answered with answer->lines */
int network_check(Manager *manager, AnswerFn done, void *userdata, Fault *reterr);
