/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd-machined as core's RegistryPort: machinectl, journalctl -M and their like know our
 * machines. Where machined is not installed, masked or not answering, nothing happens. */
#pragma once

#include "core/registry.h"

#include <systemd/sd-bus.h>

typedef struct Machined Machined;

/** machined_new() - watch for machined on the bus
 * @bus connected, attached to the event loop
 * Return: 0; negative errno. */
int machined_new(sd_bus *bus, Manager *manager, Machined **ret);
/** machined_free() - forget what is under way; what is listed stays listed; NULL is fine */
void machined_free(Machined *d);

/** machined_port() - the port; its userdata is @d */
RegistryPort machined_port(Machined *d);
