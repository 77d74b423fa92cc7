/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of a machine that are about its network; for client-machine.c. */
#pragma once

#include "client/client-machine.h"

/** client_read_addresses() - read the variant of Addresses; one of another type is skipped
 * Return: 0; negative errno. */
int client_read_addresses(sd_bus_message *m, ClientMachine *ret);
/** client_network_done() - free them */
void client_network_done(ClientMachine *m);
