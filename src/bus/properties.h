/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Getters, one an object: which property is told by its name. userdata is the object. */
#pragma once

#include "core/types.h"

#include <systemd/sd-bus.h>

/** manager_property() - userdata is a Bus */
int manager_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error);
/** machine_property() - userdata is a Bus, the machine is told by the path */
int machine_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error);
/** bus_append_end() - append how the last run has ended to an open a{sv}
 * Return: as sd_bus_message_append(). */
int bus_append_end(sd_bus_message *m, const Machine *machine);
/** image_property() - likewise */
int image_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                   sd_bus_message *reply, void *userdata, sd_bus_error *error);
/** volume_property() - likewise */
int volume_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error);
/** job_property() - likewise */
int job_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                 sd_bus_message *reply, void *userdata, sd_bus_error *error);
/** network_property() - likewise */
int network_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error);
/** process_property() - userdata is a Bus, the process is told by the path */
int process_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error);
