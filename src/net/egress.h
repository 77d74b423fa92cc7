/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Egress lists as disjoint boxes: nftables refuses an element that begins inside another one. */
#pragma once

#include "wire/network-record.h"

#include <glib.h>

typedef struct EgressBox {
        NetAddress to; /* its first address, with prefix */
        uint8_t protocol_first, protocol_last;
        uint16_t first, last; /* ports */
} EgressBox;

/** egress_boxes() - what @rules let through, said once
 * Return: new array of EgressBox; g_array_unref() it. */
GArray *egress_boxes(const EgressRule *rules, size_t n);
