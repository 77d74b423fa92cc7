/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lodged tells about machines, as plain data. Strings come from lodged, which repeats what
 * guests and users said: clean them before showing. */
#pragma once

#include "client/client.h"

typedef struct ClientAddress {
        char *network, *interface, *address; /* the last one with its prefix */
} ClientAddress;

typedef struct ClientPort {
        char *protocol, *address;
        uint16_t host_port, guest_port, count;
} ClientPort;

typedef struct ClientMachine {
        char *name, *state, *image, *root_directory;
        uint32_t leader;
        ClientAddress *addresses; /* while it runs, IPv4 first */
        size_t n_addresses;
        uint64_t created_usec, started_usec, ready_usec, paused_usec,
                stopped_usec; /* CLOCK_REALTIME, 0: never */
} ClientMachine;

/** client_machine_done() - free what the record holds and make it empty */
void client_machine_done(ClientMachine *m);
#define _cleanup_client_machine_ _cleanup_(client_machine_done)

typedef struct ClientMachines {
        ClientMachine *items; /* sorted by name */
        size_t n;
} ClientMachines;

/** client_machines_done() - free all records */
void client_machines_done(ClientMachines *list);
#define _cleanup_client_machines_ _cleanup_(client_machines_done)

/** client_machine_read() - read the properties of org.lodge1.Machine
 * @m   message that stands at an a{sv}; afterwards behind it
 * @ret zeroed or done before; properties that are missing stay empty
 * Return: 0; negative errno. */
int client_machine_read(sd_bus_message *m, ClientMachine *ret);

/** client_list_machines() - all machines as records of those properties, and the name
 * @properties ended by NULL; none: all of them
 * Return: 0; negative errno with a Fault. */
int client_list_machines(const Client *c, const char *const *properties, ClientMachines *ret,
                         Fault *reterr);

/** client_machine_get_properties() - ask for all properties of one machine
 * @ret_reply a{sv}, caller unrefs
 * Return: 0; -ENOENT with FAULT_NO_SUCH_MACHINE; negative errno with a Fault. */
int client_machine_get_properties(const Client *c, const char *name, sd_bus_message **ret_reply,
                                  Fault *reterr);
