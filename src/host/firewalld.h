/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* firewalld as core's FirewallPort: it drops what comes from interfaces that it does not know, so
 * the bridges of networks are in its zone "trusted" while they are up. What they may is decided by
 * our own rules. Where firewalld does not run, nothing happens. */
#pragma once

#include "core/ports.h"

#include <systemd/sd-bus.h>

typedef struct Firewalld Firewalld;

/** firewalld_new() - watch for firewalld on the bus
 * @bus connected, attached to the event loop
 * Return: 0; negative errno. */
int firewalld_new(sd_bus *bus, Manager *manager, Firewalld **ret);
/** firewalld_free() - bridges stay in the zone; NULL is fine */
void firewalld_free(Firewalld *f);

/** firewalld_port() - the port; its userdata is @f */
FirewallPort firewalld_port(Firewalld *f);
