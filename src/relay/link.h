/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to lodged: what it says is done, and it is connected to again when it has gone. In
 * between all stays as it is. */
#pragma once

#include "relay/relay.h"

typedef struct Link Link;

/** link_new() - connect, by a connector
 * @connector see connector_start(); borrowed
 * Return: 0; negative errno. */
int link_new(sd_event *event, int connector, Relay *relay, Link **ret);
/** link_free() - NULL is fine */
void link_free(Link *l);
