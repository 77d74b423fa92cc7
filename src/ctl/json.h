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

/** json_strings() - an array of strings; NULL: an empty one */
json_t *json_strings(char *const *strings);

/** json_name_fields() - structs among an object's properties that have a meaning by place get names
 * StateReason, Addresses, Ports and Mounts of a machine, Items of a job, Leases of a network */
void json_name_fields(json_t *object);

/** json_object_from_message() - the properties of an object at which a message stands (a{sv})
 * As json_from_message(), after json_name_fields(). */
int json_object_from_message(sd_bus_message *m, json_t **ret);

/** json_objects_from_message() - all objects in the answer of ListMachines() and its like
 * @key the property that is the name, added where it is missing
 * @ret array of objects, sorted by name; new reference
 * Return: 0; negative errno. */
int json_objects_from_message(sd_bus_message *m, const char *key, json_t **ret);

/** json_print() - print a value in the form that --json or --output asks for, and a newline
 * Characters that a terminal would obey are printed as \uXXXX, which means the same. */
void json_print(const Ctl *c, const json_t *j);

/** json_print_line() - print a value as one line, in the same way
 * @f where to */
void json_print_line(FILE *f, const json_t *j);
