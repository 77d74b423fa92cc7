/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lodged says as JSON: keys are the names of D-Bus properties, numbers are raw. */
#pragma once

#include "ctl/ctl.h"

#include <jansson.h>

#define _cleanup_json_ _cleanup_(json_decrefp)

/** json_from_message() - the next value of a message
 * Dictionaries become objects, byte arrays hexadecimal strings, other arrays and structs arrays.
 * @ret new reference
 * Return: 0; negative errno. */
int json_from_message(sd_bus_message *m, json_t **ret);

/** json_machine_from_message() - the properties of a machine at which a message stands (a{sv})
 * As json_from_message(), with StateReason as an object of Code, Message and Details. */
int json_machine_from_message(sd_bus_message *m, json_t **ret);

/** json_machines_from_message() - all machines in the answer of ListMachines()
 * @ret array of objects, sorted by name; new reference
 * Return: 0; negative errno. */
int json_machines_from_message(sd_bus_message *m, json_t **ret);

/** json_print() - print a value in the form that --json or --output asks for, and a newline
 * Characters that a terminal would obey are printed as \uXXXX, which means the same. */
void json_print(const Ctl *c, const json_t *j);
