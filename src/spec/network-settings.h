/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a network is to be: the file NAME.network, a{sv} of CreateNetwork(), options of "lodgectl
 * network create". The same kind of vocabulary as settings.h, for another object. Knows nothing of
 * the host. */
#pragma once

#include "base/fault.h"
#include "base/net-address.h"
#include "spec/settings.h"

#define NETWORK_SETTINGS_SUBNETS_MAX 4

typedef struct NetworkSettings {
        char *description;
        char **labels;  /* KEY=VALUE */
        char **subnets; /* "ADDRESS/BITS", the network's first address; NULL: lodge chooses one of
                         * each family. "none" alone: no addresses at all */
        bool internal;  /* no way out */
        bool nat;       /* default yes */
        bool names;     /* DNS=: machines find each other by name; default yes */
        char *bridge;   /* name of the bridge; NULL: lodge chooses */
        uint32_t mtu;   /* 0: the kernel's */
        uint32_t owner; /* internal: uid of the creator */
        uint64_t created_usec; /* internal: CLOCK_REALTIME; 0: not known */
} NetworkSettings;

/** subnet_parse() - an element of Subnet= but "none": IPv4 /8 to /29, IPv6 /48 to /112 (sizes that
 * leave room for machines), where machines can have addresses
 * @ret     its first address
 * @ret_why what is wrong, without a full stop; static
 * Return: 0; -EINVAL with @ret_why. */
int subnet_parse(const char *text, NetAddress *ret, const char **ret_why);

/** network_settings_keys() - the vocabulary, ended by a NULL name: Description, Label, Subnet
 * (STRV), Internal, NAT, DNS, Bridge, MTU; libc only */
const SettingKey *network_settings_keys(void);
/** network_settings_init() - the built-in defaults */
void network_settings_init(NetworkSettings *s);
/** network_settings_done() - free what @s holds */
void network_settings_done(NetworkSettings *s);
#define _cleanup_network_settings_ _cleanup_(network_settings_done)
/** network_settings_set() - give one key a value; as settings_set() */
int network_settings_set(NetworkSettings *s, const char *key, const SettingValue *value,
                         Fault *reterr);
/** network_settings_get() - the value of one key; as settings_get() */
int network_settings_get(const NetworkSettings *s, const SettingKey *key, char ***ret);
/** network_settings_copy() - as settings_copy() */
int network_settings_copy(const NetworkSettings *s, NetworkSettings *ret);
/** network_settings_validate() - do the values fit together? No two subnets overlap, at most two
 * are of a family, none stands beside "none"
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION. */
int network_settings_validate(const NetworkSettings *s, Fault *reterr);
/** network_settings_parse() - a NAME.network file's text, section [Network]; as settings_parse() */
int network_settings_parse(const char *name, const char *text, size_t n, NetworkSettings *ret,
                           Fault *reterr);
/** network_settings_format() - the file that reads back to the same
 * Return: newly allocated, caller frees; NULL on OOM. */
char *network_settings_format(const NetworkSettings *s);
