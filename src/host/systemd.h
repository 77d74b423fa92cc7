/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd as core's UnitPort: jobs and the end of units, never waiting. Over PID 1's own socket,
 * where nobody else is in the way, or over a connection to the system bus where there is no such
 * socket. */
#pragma once

#include "core/ports.h"

#include <systemd/sd-bus.h>

typedef struct Systemd Systemd;

/** systemd_new() - connect, and hear of systemd's jobs
 * @system connected to the system bus, attached to the event loop: whose name keeps units loaded;
 *         NULL: none do
 * Return: 0; negative errno. */
int systemd_new(sd_event *event, sd_bus *system, Systemd **ret);
/** systemd_free() - forget every job; NULL is fine */
void systemd_free(Systemd *s);

/** systemd_set_manager() - whom to tell; before the first job */
void systemd_set_manager(Systemd *s, Manager *manager);

/** systemd_forget_lost() - take back what an earlier lodged has set for machines that are gone
 * After the manager has loaded its machines. */
void systemd_forget_lost(Systemd *s);

/** systemd_unit_port() - the port; its userdata is @s */
UnitPort systemd_unit_port(Systemd *s);
