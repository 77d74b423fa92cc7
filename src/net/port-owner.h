/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has a port of the host open. */
#pragma once

#include "base/net-address.h"
#include "wire/network-record.h"

#include <stdint.h>

/** port_owner() - the program that listens there
 * @address where it is wanted: also who listens on all addresses is in the way
 * @ret     new: "nginx.service (uid 33)", caller frees; NULL: nobody
 * Return: 0; negative errno. */
int port_owner(PortProtocol protocol, const NetAddress *address, uint16_t port, char **ret);
