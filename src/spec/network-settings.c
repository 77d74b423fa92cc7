/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one table of a network's settings: a new one is a field in NetworkSettings and a line here.
 */
#include "spec/network-settings.h"

#include "base/text.h"
#include "spec/setting-type.h"

#include <string.h>
#include <sys/socket.h>

#define KEY(name_, kind_, field_, type_, help_)                                                    \
        {                                                                                          \
                .section = "Network", .name = name_, .kind = SETTING_##kind_, .help = help_,       \
                .type = &setting_##type_, .offset = offsetof(NetworkSettings, field_),             \
        }
#define INTERNAL(name_, field_, type_, help_)                                                      \
        {                                                                                          \
                .section = "Network", .name = name_, .kind = SETTING_OTHER, .internal = true,      \
                .help = help_, .type = &setting_##type_,                                           \
                .offset = offsetof(NetworkSettings, field_),                                       \
        }

static const SettingKey keys[] = {
        KEY("Description", STRING, description, text, "What the network is for, in one line"),
        KEY("Label", STRV, labels, label,
            "Something to know the network by, KEY=VALUE; may be given several times"),
        KEY("Subnet", STRV, subnets, subnet,
            "Addresses for its machines, ADDRESS/BITS, or none; if not given, one that is free of "
            "each family"),
        KEY("Internal", BOOL, internal, bool, "No way out of it, nor in but from the host"),
        KEY("NAT", BOOL, nat, bool, "What leaves the host has the host's address"),
        KEY("DNS", BOOL, names, bool, "Its machines find each other, and the world, by name"),
        KEY("Bridge", STRING, bridge, link_name,
            "Name of its bridge on the host; if not given: lodge0 or lb-NAME"),
        KEY("MTU", OTHER, mtu, mtu,
            "Largest packet, 1280 to 65535 bytes; if not given, the kernel's"),
        INTERNAL("Owner", owner, uid, "User id of who created the network"),
        INTERNAL("Created", created_usec, timestamp,
                 "When the network was created, in µs since 1970"),
        {.name = NULL},
};

static const NetworkSettings defaults = {.nat = true, .names = true};

static const Vocabulary vocabulary = {keys, &defaults, sizeof(NetworkSettings)};

const SettingKey *network_settings_keys(void)
{
        return keys;
}

void network_settings_init(NetworkSettings *s)
{
        vocabulary_init(&vocabulary, s);
}

void network_settings_done(NetworkSettings *s)
{
        vocabulary_done(&vocabulary, s);
}

int network_settings_set(NetworkSettings *s, const char *key, const SettingValue *value,
                         Fault *reterr)
{
        return vocabulary_set(&vocabulary, s, key, value, reterr);
}

int network_settings_get(const NetworkSettings *s, const SettingKey *key, char ***ret)
{
        return vocabulary_get(&vocabulary, s, key, ret);
}

int network_settings_copy(const NetworkSettings *s, NetworkSettings *ret)
{
        return vocabulary_copy(&vocabulary, s, ret);
}

int network_settings_parse(const char *name, const char *text, size_t n, NetworkSettings *ret,
                           Fault *reterr)
{
        return vocabulary_parse(&vocabulary, name, text, n, ret, reterr);
}

char *network_settings_format(const NetworkSettings *s)
{
        return vocabulary_format(&vocabulary, s);
}

/* ---- subnets ---- */

/* Where no machine can have an address, or not one that means anything to another. */
static bool is_special(const NetAddress *net)
{
        static const NetAddress special[] = {
                {AF_INET, {0}, 8},         /* "this network" */
                {AF_INET, {127}, 8},       /* loopback */
                {AF_INET, {169, 254}, 16}, /* link-local */
                {AF_INET, {224}, 3},       /* multicast, and for later */
                {AF_INET6, {0}, 8},        /* loopback, IPv4 written as IPv6 */
                {AF_INET6, {0xfe, 0x80}, 10},
                {AF_INET6, {0xff}, 8}, /* link-local, multicast */
        };

        for (size_t i = 0; i < ELEMENTSOF(special); i++)
                if (net_address_overlaps(&special[i], net))
                        return true;
        return false;
}

int subnet_parse(const char *text, NetAddress *ret, const char **ret_why)
{
        NetAddress a;

        if (net_address_parse(text, NET_PREFIX_REQUIRED, &a) < 0)
                *ret_why = "give ADDRESS/BITS, as in 10.20.0.0/24 or fd00:20::/64, or none";
        else if (a.family == AF_INET && (a.prefix < 8 || a.prefix > 29))
                *ret_why = "an IPv4 subnet has 8 to 29 bits";
        else if (a.family == AF_INET6 && (a.prefix < 48 || a.prefix > 112))
                *ret_why = "an IPv6 subnet has 48 to 112 bits";
        else if (is_special(&a))
                *ret_why = "a loopback, link-local, multicast or reserved subnet has no addresses "
                           "for machines";
        else {
                *ret = net_address_network(&a);
                *ret_why = NULL;
        }
        return *ret_why ? -EINVAL : 0;
}

static int check_subnet(const NetAddress *subnets, size_t n, Fault *reterr)
{
        const NetAddress *last = &subnets[n - 1];
        char a[NET_ADDRESS_TEXT_MAX], b[NET_ADDRESS_TEXT_MAX];
        unsigned of_family = 1;

        for (size_t i = 0; i < n - 1; i++) {
                of_family += subnets[i].family == last->family;
                if (net_address_overlaps(&subnets[i], last))
                        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                         "Subnet=%s and Subnet=%s overlap",
                                         net_address_format(&subnets[i], true, a),
                                         net_address_format(last, true, b));
        }
        return of_family > 2 ? fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                         "a network can have at most two subnets of IPv4 and two "
                                         "of IPv6")
                             : 0;
}

int network_settings_validate(const NetworkSettings *s, Fault *reterr)
{
        NetAddress subnets[NETWORK_SETTINGS_SUBNETS_MAX + 1]; /* with the one that is too many */
        size_t n = 0;
        int r = 0;

        STRV_FOREACH (text, s->subnets) {
                const char *why;

                if (streq(*text, "none") && strv_length(s->subnets) > 1)
                        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                         "Subnet=none cannot stand beside other subnets");
                if (streq(*text, "none"))
                        return 0;
                if (subnet_parse(*text, &subnets[n], &why) < 0)
                        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "Subnet=: %s", why);
                r = check_subnet(subnets, ++n, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}
