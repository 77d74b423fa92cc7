/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements of Network=. */
#include "spec/network-entry.h"

#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "spec/mount-entry.h"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#define ENTRY_SIZE_MAX 4200 /* a path and its kind */

static const char *const kinds[_NETWORK_KIND_MAX] = {
        [NETWORK_KIND_NONE] = "none",       [NETWORK_KIND_HOST] = "host",
        [NETWORK_KIND_NETWORK] = "network", [NETWORK_KIND_BRIDGE] = "bridge",
        [NETWORK_KIND_MACVLAN] = "macvlan", [NETWORK_KIND_INTERFACE] = "interface",
        [NETWORK_KIND_NETNS] = "netns",
};

bool network_kind_has_link(NetworkKind kind)
{
        return kind == NETWORK_KIND_NETWORK || kind == NETWORK_KIND_BRIDGE ||
               kind == NETWORK_KIND_MACVLAN || kind == NETWORK_KIND_INTERFACE;
}

void network_entry_done(NetworkEntry *e)
{
        free(e->argument);
        free(e->name);
        *e = (NetworkEntry){0};
}

/* ---- options ---- */

static bool is_one_interface(const NetAddress *a)
{
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

        return net_address_is_usable(a) &&
               (a->family != AF_INET6 || memcmp(a->bytes, mapped, sizeof(mapped)) != 0);
}

static const char *add_address(const char *value, NetworkEntry *e)
{
        bool bare = e->kind == NETWORK_KIND_NETWORK;
        NetAddress a;

        if (net_address_parse(value, bare ? NET_PREFIX_NONE : NET_PREFIX_REQUIRED, &a) < 0)
                return bare ? "address= takes an IPv4 or IPv6 address of the network's, without "
                              "a prefix length"
                            : "address= takes an IPv4 or IPv6 address with its prefix length, as "
                              "in 192.0.2.7/24";
        if (!is_one_interface(&a))
                return "address= must be one that an interface can have: not the first or last of "
                       "its subnet, not loopback, multicast or broadcast";
        if (e->n_addresses >= ELEMENTSOF(e->addresses))
                return "an interface can be given at most 4 addresses";
        for (size_t i = 0; i < e->n_addresses; i++)
                if (net_address_equal(&e->addresses[i], &a))
                        return "an address is given twice";
        e->addresses[e->n_addresses++] = a;
        return NULL;
}

static const char *add_gateway(const char *value, NetworkEntry *e)
{
        NetAddress a;

        if (net_address_parse(value, NET_PREFIX_NONE, &a) < 0 || !is_one_interface(&a))
                return "gateway= takes the IPv4 or IPv6 address of a router, without a prefix "
                       "length";
        for (size_t i = 0; i < e->n_gateways; i++)
                if (e->gateways[i].family == a.family)
                        return "there can be one gateway= for IPv4 and one for IPv6";
        e->gateways[e->n_gateways++] = a;
        return NULL;
}

static const char *add_dns(const char *value, NetworkEntry *e)
{
        NetAddress a;

        if (net_address_parse(value, NET_PREFIX_NONE, &a) < 0 || !is_one_interface(&a))
                return "dns= takes the IPv4 or IPv6 address of a name server, without a prefix "
                       "length";
        if (e->n_dns >= ELEMENTSOF(e->dns))
                return "there can be at most 3 dns=";
        e->dns[e->n_dns++] = a;
        return NULL;
}

static const char *set_name(char *value, char **name)
{
        static const char letters[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

        if (!link_name_is_valid(value) || streq(value, "lo") || value[strspn(value, letters)])
                return "name= takes a name for the interface inside: at most 15 letters, digits, "
                       "'.', '_' and '-', not lo";
        *name = value;
        return NULL;
}

static const char *set_mtu(const char *value, NetworkEntry *e)
{
        uint64_t v;

        if (parse_u64(value, NETWORK_MTU_MAX, &v) < 0 || v < NETWORK_MTU_MIN)
                return "mtu= takes a number from 1280 to 65535";
        e->mtu = (uint32_t)v;
        return NULL;
}

static const char *wrong_option(NetworkKind kind)
{
        return kind == NETWORK_KIND_NETWORK
                       ? "the options of a network are address=, mac=, name= and mtu="
                       : "the options are address=, gateway=, dns=, mac=, name= and mtu=";
}

static const char *apply_option(char *option, NetworkEntry *e, char **name)
{
        char *value = option;
        const char *key = strsep(&value, "=");

        if (!value)
                return wrong_option(e->kind);
        if (streq(key, "address"))
                return add_address(value, e);
        if (streq(key, "mac"))
                return mac_parse(value, &e->mac) < 0
                               ? "mac= takes six pairs of hexadecimal digits, as in "
                                 "02:00:00:00:00:01, that are no multicast address"
                               : NULL;
        if (streq(key, "name"))
                return set_name(value, name);
        if (streq(key, "mtu"))
                return set_mtu(value, e);
        if (streq(key, "gateway") && e->kind != NETWORK_KIND_NETWORK)
                return add_gateway(value, e);
        if (streq(key, "dns") && e->kind != NETWORK_KIND_NETWORK)
                return add_dns(value, e);
        return wrong_option(e->kind);
}

static const char *check_gateways(const NetworkEntry *e)
{
        for (size_t i = 0; i < e->n_gateways; i++) {
                bool reachable = e->gateways[i].family == AF_INET6; /* by a link-local address */

                for (size_t k = 0; k < e->n_addresses; k++) {
                        if (net_address_equal(&e->addresses[k], &e->gateways[i]))
                                return "gateway= must be another address than address=";
                        reachable |= e->addresses[k].family == e->gateways[i].family;
                }
                if (!reachable)
                        return "an IPv4 gateway= needs an IPv4 address=";
        }
        return NULL;
}

static const char *apply_options(char *options, NetworkEntry *e, char **name)
{
        const char *why = NULL;
        char *option;

        while (!why && (option = strsep(&options, ",")))
                why = apply_option(option, e, name);
        return why ?: check_gateways(e);
}

/* ---- elements ---- */

static const char *check_argument(NetworkKind kind, const char *argument)
{
        switch (kind) {
        case NETWORK_KIND_NETWORK:
                return machine_name_is_valid(argument)
                               ? NULL
                               : "a network's name has at most 64 letters, digits, and '-' or "
                                 "single '.' inside; the others are none, host, bridge=, macvlan=, "
                                 "interface= and netns=";
        case NETWORK_KIND_NETNS:
                if (strchr(argument, ':'))
                        return "netns= takes a path without ':', and no options";
                return path_is_clean(argument)
                               ? NULL
                               : "netns= takes an absolute path, without '.', '..', '//' or a '/' "
                                 "at the end";
        default:
                return link_name_is_valid(argument) && !streq(argument, "lo")
                               ? NULL
                               : "an interface of the host has a name of at most 15 letters, "
                                 "digits and the like, and is not lo";
        }
}

/* Without '=': one of the words, or the name of a network. */
static const char *parse_word(char *text, NetworkEntry *e, char **ret_argument)
{
        static char standard[] = LODGE_NETWORK_DEFAULT;

        for (e->kind = 0; e->kind < NETWORK_KIND_NETWORK; e->kind++)
                if (streq(text, kinds[e->kind]))
                        return NULL;
        *ret_argument = streq(text, "private") ? standard : text;
        return check_argument(e->kind, *ret_argument);
}

/* What comes before the options. */
static const char *parse_kind(char *text, NetworkEntry *e, char **ret_argument)
{
        char *argument = text;
        const char *word = strsep(&argument, "=");

        if (!argument)
                return parse_word(text, e, ret_argument);
        for (e->kind = NETWORK_KIND_NETWORK; e->kind < _NETWORK_KIND_MAX; e->kind++)
                if (streq(word, kinds[e->kind]))
                        break;
        if (e->kind == _NETWORK_KIND_MAX)
                return "give private, a network's name, none, host, bridge=, macvlan=, interface= "
                       "or netns=";
        *ret_argument = argument;
        return check_argument(e->kind, argument);
}

/* Takes @text, a copy, apart in place. */
static const char *split(char *text, NetworkEntry *e, char **ret_argument, char **ret_name)
{
        bool is_path = strncmp(text, "netns=", 6) == 0;
        char *options = text;

        if (!is_path)
                (void)strsep(&options, ":");
        const char *why = parse_kind(text, e, ret_argument);
        if (why || is_path || !options)
                return why;
        if (!network_kind_has_link(e->kind))
                return "none and host take no options";
        return apply_options(options, e, ret_name);
}

static int duplicate(const char *s, char **ret)
{
        *ret = s ? strdup(s) : NULL;
        return s && !*ret ? -ENOMEM : 0;
}

int network_entry_parse(const char *text, NetworkEntry *ret, const char **ret_why)
{
        _cleanup_network_entry_ NetworkEntry e = {0};
        _cleanup_free_ char *copy = strndup(text, ENTRY_SIZE_MAX);
        char *argument = NULL, *name = NULL;

        if (!copy)
                return -ENOMEM;
        *ret_why = strlen(text) > ENTRY_SIZE_MAX ? "it is too long"
                                                 : split(copy, &e, &argument, &name);
        if (*ret_why)
                return -EINVAL;
        int r = duplicate(argument, &e.argument);
        r = r < 0 ? r : duplicate(name, &e.name);
        if (r < 0)
                return r;
        *ret = e;
        e = (NetworkEntry){0};
        return 0;
}

/* ---- writing ---- */

static void put_addresses(FILE *f, const char *key, bool bits, const NetAddress *a, size_t n,
                          char *separator)
{
        char text[NET_ADDRESS_TEXT_MAX];

        for (size_t i = 0; i < n; i++) {
                (void)fprintf(f, "%c%s=%s", *separator, key, net_address_format(&a[i], bits, text));
                *separator = ',';
        }
}

static void put_options(FILE *f, const NetworkEntry *e)
{
        char mac[MAC_TEXT_MAX], separator = ':';

        put_addresses(f, "address", e->kind != NETWORK_KIND_NETWORK, e->addresses, e->n_addresses,
                      &separator);
        put_addresses(f, "gateway", false, e->gateways, e->n_gateways, &separator);
        put_addresses(f, "dns", false, e->dns, e->n_dns, &separator);
        if (e->mac) {
                (void)fprintf(f, "%cmac=%s", separator, mac_format(e->mac, mac));
                separator = ',';
        }
        if (e->name) {
                (void)fprintf(f, "%cname=%s", separator, e->name);
                separator = ',';
        }
        if (e->mtu)
                (void)fprintf(f, "%cmtu=%" PRIu32, separator, e->mtu);
}

/* A name that stands for something else where it is alone. */
static bool is_word(const char *name)
{
        return streq(name, "private") || streq(name, "none") || streq(name, "host");
}

int network_entry_format(const NetworkEntry *e, char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return -ENOMEM;
        if (!e->argument)
                (void)fputs(kinds[e->kind], f);
        else if (e->kind == NETWORK_KIND_NETWORK && !is_word(e->argument))
                (void)fputs(e->argument, f);
        else
                (void)fprintf(f, "%s=%s", kinds[e->kind], e->argument);
        put_options(f, e);
        bool failed = ferror(f);
        if (fclose(f) != 0 || failed)
                return -ENOMEM;
        *ret = TAKE_PTR(text);
        return 0;
}
