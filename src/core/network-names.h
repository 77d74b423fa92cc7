/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What bridges, the hosts' ends of machines' links and hardware addresses are called: the same
 * again whenever the same is asked. Pure functions. */
#pragma once

#include "wire/network-record.h"

#include <stdint.h>

/** network_bridge_name() - "lodge0", or "lb-NAME"
 * @attempt 0; more where the name before was taken: shortened with another hash */
void network_bridge_name(const char *network, unsigned attempt,
                         char ret[static NETWORK_LINK_NAME_MAX]);
/** network_link_name() - "ve-NAME", "ve-NAME-1" ..: the host's end of a machine's link
 * @number  of the link, from 0
 * @attempt as above */
void network_link_name(const char *machine, unsigned number, unsigned attempt,
                       char ret[static NETWORK_LINK_NAME_MAX]);
/** network_link_altname() - the same in full
 * Return: newly allocated, caller frees; NULL if @name is that already. */
char *network_link_altname(const char *machine, unsigned number, const char *name);

/** network_mac() - a hardware address of the range that everybody may use
 * @seed    of this host, 16 bytes
 * @network name, or what else the link leads to
 * @machine NULL: the bridge itself */
uint64_t network_mac(const uint8_t seed[static 16], const char *network, const char *machine);

/** network_hash() - 64 bits of a text */
uint64_t network_hash(const char *text);
