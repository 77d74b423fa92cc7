/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd as core's UnitPort: jobs and the end of units, over the system bus, never waiting. */
#pragma once

#include "core/ports.h"

#include <systemd/sd-bus.h>

typedef struct Systemd Systemd;

/** systemd_new() - subscribe to systemd's jobs
 * @bus connected, attached to the event loop
 * Return: 0; negative errno. */
int systemd_new(sd_bus *bus, Systemd **ret);
/** systemd_free() - forget every job; NULL is fine */
void systemd_free(Systemd *s);

/** systemd_set_manager() - whom to tell; before the first job */
void systemd_set_manager(Systemd *s, Manager *manager);

/** systemd_unit_port() - the port; its userdata is @s */
UnitPort systemd_unit_port(Systemd *s);
