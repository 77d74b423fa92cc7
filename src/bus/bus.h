/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The D-Bus face of the manager: unpack, validate, authorize, one call into core, reply. */
#pragma once

#include "core/manager.h"

#include <systemd/sd-bus.h>

typedef struct Bus Bus;

/** bus_new() - export everything on a connection
 * @bus     attached to the event loop; NULL: there is only the private socket
 * @manager announces itself through a listener
 * Return: 0; negative errno. */
int bus_new(sd_bus *bus, Manager *manager, const char *version, Bus **ret);
/** bus_free() - take everything off the connection; NULL is fine */
void bus_free(Bus *b);
