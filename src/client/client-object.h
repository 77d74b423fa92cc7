/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the manager can be asked about objects of any kind, which it knows by name. */
#pragma once

#include "client/client.h"

/** client_object_call_new() - a call of the Manager's method @verb + @noun, the name appended
 * @verb,@noun "Remove" and "Image" for RemoveImage()
 * Return: as client_call_new(). */
int client_object_call_new(const Client *c, const char *verb, const char *noun, const char *name,
                           sd_bus_message **ret, Fault *reterr);

/** client_ask_objects() - ask for properties of all objects of a kind, in one call
 * @noun       "Image" for ListImages()
 * @properties ended by NULL; none: all of them
 * @ret_reply  a{sa{sv}} by name, caller unrefs
 * Return: 0; negative errno with a Fault. */
int client_ask_objects(const Client *c, const char *noun, const char *const *properties,
                       sd_bus_message **ret_reply, Fault *reterr);

/** client_object_get_properties() - ask for all properties of one object
 * @interface whose properties
 * @ret_reply a{sv}, caller unrefs
 * Return: 0; negative errno with a Fault. */
int client_object_get_properties(const Client *c, const char *noun, const char *interface,
                                 const char *name, sd_bus_message **ret_reply, Fault *reterr);
