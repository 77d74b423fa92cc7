/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IPv4 and IPv6 addresses with a prefix length: one type for settings, plans, frames and the
 * services. libc only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* With "/128" and NUL: what net_address_format() needs. */
#define NET_ADDRESS_TEXT_MAX 52

typedef struct NetAddress {
        int family;        /* AF_INET, AF_INET6; 0: none */
        uint8_t bytes[16]; /* network order; the first 4 of AF_INET, the rest is zero */
        uint8_t prefix;    /* bits: 0..32 or 0..128 */
} NetAddress;

typedef enum NetPrefix {
        NET_PREFIX_NONE,     /* "ADDRESS": prefix becomes 32 or 128 */
        NET_PREFIX_OPTIONAL, /* either */
        NET_PREFIX_REQUIRED, /* "ADDRESS/BITS" */
} NetPrefix;

/** net_address_parse() - read one
 * @text from anybody; numeric only, no zone, no brackets
 * Return: 0; -EINVAL. */
int net_address_parse(const char *text, NetPrefix prefix, NetAddress *ret);
/** net_address_format() - "ADDRESS", or with @prefix "ADDRESS/BITS"
 * Return: @ret. */
const char *net_address_format(const NetAddress *a, bool prefix,
                               char ret[static NET_ADDRESS_TEXT_MAX]);

/** net_address_size() - 4 or 16 bytes */
size_t net_address_size(const NetAddress *a);
/** net_address_equal() - the same address; the prefix does not matter */
bool net_address_equal(const NetAddress *a, const NetAddress *b);
/** net_address_network() - the first address of its subnet, same prefix */
NetAddress net_address_network(const NetAddress *a);
/** net_address_contains() - is @a in the subnet of @net? Of another family: no */
bool net_address_contains(const NetAddress *net, const NetAddress *a);
/** net_address_overlaps() - have the subnets an address in common? */
bool net_address_overlaps(const NetAddress *a, const NetAddress *b);
/** net_address_nth() - the @n-th address of its subnet, 0 the network's own; same prefix
 * Return: family 0 if the subnet has none such. */
NetAddress net_address_nth(const NetAddress *net, uint64_t n);
/** net_address_index() - inverse of net_address_nth(); UINT64_MAX: further than 64 bits tell */
uint64_t net_address_index(const NetAddress *a);

/** net_address_is_unspecified() - 0.0.0.0 or ::? */
bool net_address_is_unspecified(const NetAddress *a);
/** net_address_is_loopback() - 127.0.0.0/8 or ::1? */
bool net_address_is_loopback(const NetAddress *a);
/** net_address_is_usable() - may an interface have it? Not unspecified, loopback, multicast or
 * broadcast, not the network's own nor the last address of an IPv4 subnet larger than /31 */
bool net_address_is_usable(const NetAddress *a);

/* A hardware address as a number below 2^48, first byte highest; 0: none. */
#define MAC_TEXT_MAX 18

/** mac_parse() - "aa:bb:cc:dd:ee:ff" of one interface: not multicast, not all zero
 * Return: 0; -EINVAL. */
int mac_parse(const char *text, uint64_t *ret);
/** mac_format() - the same as text; Return: @ret. */
const char *mac_format(uint64_t mac, char ret[static MAC_TEXT_MAX]);
/** mac_link_local() - the IPv6 link-local address the kernel makes of it (EUI-64), prefix 64 */
NetAddress mac_link_local(uint64_t mac);

/** link_name_is_valid() - may an interface be called so? 1 to 15 bytes, no '/', ':', ',', space or
 * control character, not "." nor ".."; '%' neither: the kernel puts numbers there */
bool link_name_is_valid(const char *name);
