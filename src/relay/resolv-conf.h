/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The resolvers of the host: /etc/resolv.conf, looked at again when it has changed. */
#pragma once

#include "relay/socket-address.h"

#define RESOLVERS_MAX 8

typedef struct Resolvers {
        SocketAddress addresses[RESOLVERS_MAX];
        size_t n;
} Resolvers;

typedef struct ResolvConf ResolvConf;

/** resolv_conf_new() - nothing is read yet
 * @path of the file; copied */
ResolvConf *resolv_conf_new(const char *path);
/** resolv_conf_free() - NULL is fine */
void resolv_conf_free(ResolvConf *c);
/** resolv_conf_get() - what it says now; stat(2) tells whether it has to be read
 * Return: borrowed, until the next call; never empty: libc, too, asks 127.0.0.1 in the end. */
const Resolvers *resolv_conf_get(ResolvConf *c);

/** resolv_conf_parse() - the "nameserver" lines of a text
 * @text of the administrator or of some program; lines that are no good are left out */
void resolv_conf_parse(const char *text, Resolvers *ret);
