/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses and ports as people write them. */
#pragma once

#include "client/client-machine.h"

#include <jansson.h>

#define PORT_TEXT_MAX 72

/** port_host_text() - where it is open: "127.0.0.1:8080", "[::1]:8080-8089"
 * Return: @buf. */
const char *port_host_text(const ClientPort *p, char buf[static PORT_TEXT_MAX]);
/** port_guest_text() - what is inside: "80/tcp", "80-89/udp"
 * Return: @buf. */
const char *port_guest_text(const ClientPort *p, char buf[static PORT_TEXT_MAX]);

/** port_from_json() - an element of Ports, after json_name_fields(); strings are borrowed */
ClientPort port_from_json(const json_t *port);

/** network_element_text() - an element of Addresses or Ports in one word
 * Return: newly allocated, caller frees; NULL: it is none of these, or OOM. */
char *network_element_text(const json_t *element);
