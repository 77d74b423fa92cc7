/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What addresses of this host's surroundings are in use: no network of lodge's may overlap them. */
#pragma once

#include "base/net-address.h"
#include "net/netlink.h"

#include <glib.h>

typedef struct HostRoute {
        NetAddress to; /* with prefix; never a default route */
        char link[16]; /* the interface's name; "": none, or several */
} HostRoute;

/** facts_routes() - routes of all tables and addresses of all interfaces, but ours
 * @bridges name of the bridge -> anything: those that are ours
 * @ret     new array of HostRoute; g_array_unref() it
 * Return: 0; negative errno. */
int facts_routes(Netlink *route, GHashTable *bridges, GArray **ret);
