/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/net-address.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define IFNAME_MAX 15

size_t net_address_size(const NetAddress *a)
{
        return a->family == AF_INET ? 4 : 16;
}

static unsigned bits_of(const NetAddress *a)
{
        return (unsigned)net_address_size(a) * 8;
}

static int parse_prefix(const char *text, unsigned max, uint8_t *ret)
{
        unsigned n = 0;

        if (!*text || strlen(text) > 3 || (text[0] == '0' && text[1]))
                return -EINVAL;
        for (const char *c = text; *c; c++) {
                if (*c < '0' || *c > '9')
                        return -EINVAL;
                n = n * 10 + (unsigned)(*c - '0');
        }
        if (n > max)
                return -EINVAL;
        *ret = (uint8_t)n;
        return 0;
}

int net_address_parse(const char *text, NetPrefix prefix, NetAddress *ret)
{
        const char *slash = strchr(text, '/');
        size_t n = slash ? (size_t)(slash - text) : strlen(text);
        char address[INET6_ADDRSTRLEN];
        NetAddress a = {0};

        if (n >= sizeof(address) || (slash && prefix == NET_PREFIX_NONE) ||
            (!slash && prefix == NET_PREFIX_REQUIRED))
                return -EINVAL;
        memcpy(address, text, n);
        address[n] = '\0';
        if (inet_pton(AF_INET, address, a.bytes) == 1)
                a.family = AF_INET;
        else if (inet_pton(AF_INET6, address, a.bytes) == 1)
                a.family = AF_INET6;
        else
                return -EINVAL;
        a.prefix = (uint8_t)bits_of(&a);
        if (slash && parse_prefix(slash + 1, bits_of(&a), &a.prefix) < 0)
                return -EINVAL;
        *ret = a;
        return 0;
}

const char *net_address_format(const NetAddress *a, bool prefix,
                               char ret[static NET_ADDRESS_TEXT_MAX])
{
        char text[INET6_ADDRSTRLEN] = "";

        (void)inet_ntop(a->family, a->bytes, text, sizeof(text));
        (void)snprintf(ret, NET_ADDRESS_TEXT_MAX, prefix ? "%s/%u" : "%s", text, a->prefix);
        return ret;
}

bool net_address_equal(const NetAddress *a, const NetAddress *b)
{
        return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

NetAddress net_address_network(const NetAddress *a)
{
        NetAddress net = *a;

        for (unsigned i = 0; i < sizeof(net.bytes); i++) {
                unsigned first = i * 8; /* bit number of this byte's highest bit */

                if (first >= net.prefix)
                        net.bytes[i] = 0;
                else if (net.prefix - first < 8)
                        net.bytes[i] &= (uint8_t)(0xff << (8 - (net.prefix - first)));
        }
        return net;
}

bool net_address_contains(const NetAddress *net, const NetAddress *a)
{
        NetAddress other = *a;

        if (a->family != net->family)
                return false;
        other.prefix = net->prefix;
        NetAddress x = net_address_network(&other), y = net_address_network(net);
        return net_address_equal(&x, &y);
}

bool net_address_overlaps(const NetAddress *a, const NetAddress *b)
{
        return a->prefix <= b->prefix ? net_address_contains(a, b) : net_address_contains(b, a);
}

NetAddress net_address_nth(const NetAddress *net, uint64_t n)
{
        NetAddress a = net_address_network(net);
        unsigned host = bits_of(net) - net->prefix;

        if (host < 64 && n >> host)
                return (NetAddress){0};
        for (size_t i = net_address_size(net); i-- > 0 && n; n >>= 8)
                a.bytes[i] |= (uint8_t)n;
        return a;
}

uint64_t net_address_index(const NetAddress *a)
{
        NetAddress net = net_address_network(a);
        uint64_t n = 0;

        for (size_t i = 0; i < net_address_size(a); i++) {
                if (n >> 56)
                        return UINT64_MAX;
                n = n << 8 | (uint8_t)(a->bytes[i] ^ net.bytes[i]);
        }
        return n;
}

bool net_address_is_unspecified(const NetAddress *a)
{
        static const uint8_t none[16];

        return memcmp(a->bytes, none, sizeof(none)) == 0;
}

bool net_address_is_loopback(const NetAddress *a)
{
        static const uint8_t one[16] = {[15] = 1};

        return a->family == AF_INET ? a->bytes[0] == 127 : memcmp(a->bytes, one, sizeof(one)) == 0;
}

bool net_address_is_usable(const NetAddress *a)
{
        unsigned host = bits_of(a) - a->prefix;
        uint64_t index = net_address_index(a);

        if (net_address_is_unspecified(a) || net_address_is_loopback(a))
                return false;
        if (a->family == AF_INET6)
                return a->bytes[0] != 0xff && (index != 0 || host <= 1);
        return a->bytes[0] != 0 && a->bytes[0] < 224 &&
               (host <= 1 || (index != 0 && index != (UINT64_C(1) << host) - 1));
}

int mac_parse(const char *text, uint64_t *ret)
{
        static const char digits[] = "0123456789abcdefABCDEF";
        uint64_t mac = 0;

        if (strlen(text) != MAC_TEXT_MAX - 1)
                return -EINVAL;
        for (unsigned i = 0; i < MAC_TEXT_MAX - 1; i++) {
                const char *digit = strchr(digits, text[i]);

                if (i % 3 == 2 ? text[i] != ':' : !digit)
                        return -EINVAL;
                if (i % 3 != 2) {
                        unsigned v = (unsigned)(digit - digits);

                        mac = mac << 4 | (v > 15 ? v - 6 : v);
                }
        }
        if (mac == 0 || (mac >> 40 & 1))
                return -EINVAL;
        *ret = mac;
        return 0;
}

const char *mac_format(uint64_t mac, char ret[static MAC_TEXT_MAX])
{
        (void)snprintf(ret, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x",
                       (unsigned)(mac >> 40) & 0xff, (unsigned)(mac >> 32) & 0xff,
                       (unsigned)(mac >> 24) & 0xff, (unsigned)(mac >> 16) & 0xff,
                       (unsigned)(mac >> 8) & 0xff, (unsigned)mac & 0xff);
        return ret;
}

/* RFC 4291, appendix A. */
NetAddress mac_link_local(uint64_t mac)
{
        NetAddress a = {.family = AF_INET6, .bytes = {0xfe, 0x80}, .prefix = 64};
        const unsigned shifts[] = {40, 32, 24, 0, 0, 16, 8, 0};

        for (unsigned i = 0; i < 8; i++)
                a.bytes[8 + i] = (uint8_t)(mac >> shifts[i]);
        a.bytes[8] ^= 2;
        a.bytes[11] = 0xff;
        a.bytes[12] = 0xfe;
        return a;
}

bool link_name_is_valid(const char *name)
{
        size_t n = strlen(name);

        if (n == 0 || n > IFNAME_MAX || streq(name, ".") || streq(name, ".."))
                return false;
        for (const char *c = name; *c; c++)
                if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f || strchr("/:,%", *c))
                        return false;
        return true;
}
