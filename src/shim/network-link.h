/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One interface of a machine: made, found and taken away. Private to network.c. */
#pragma once

#include "shim/network.h"

/* What one call of network.c's is about. */
typedef struct NetworkContext {
        Network *network;
        const char *machine;
        Failure *failure;
        bool is_without_ipv6; /* its addresses could not be given */
} NetworkContext;

/** network_fail() - record a failure, with its errno's text and what else the kernel said
 * "cannot attach machine 'web' to bridge 'br7': No such device"
 * @r negative errno
 * @n the socket whose call failed; NULL: none
 * Return: @r. */
int network_fail(NetworkContext *c, int r, const char *object, const Netlink *n, const char *format,
                 ...) _printf_(5, 6);
/** network_complain() - log what could not be undone */
void network_complain(const char *what, const char *name, int r);

/** network_add_link() - carry out PLAN_VETH, PLAN_MACVLAN or PLAN_LINK
 * Return: 0, and it is the last of the network's links; negative errno with c->failure set. */
int network_add_link(NetworkContext *c, const PlanStep *s);
/** network_drop_link() - delete it, or give it back; it stays in the network's list
 * Return: 0, also if the guest was faster; negative errno. */
int network_drop_link(Network *n, const MachineLink *l);

/** network_find_link() - the one that has either name; NULL is nobody's
 * Return: NULL: none. */
MachineLink *network_find_link(Network *n, const char *inside, const char *outside);
/** network_find_inside() - the index of what is called so in the machine's namespace now */
int network_find_inside(Network *n, const char *name, int *ret);
