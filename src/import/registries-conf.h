/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the administrator says about registries: lodge-registries.conf(5). */
#pragma once

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>

#define REGISTRIES_CONF_MAX (1U << 20)

/* One section: [DOMAIN]. */
typedef struct RegistryConf {
        char *domain;   /* in lower case */
        char *location; /* HOST[:PORT][/PREFIX] that stands for it; or NULL */
        char **mirrors; /* http(s)://HOST[:PORT][/PREFIX], to be asked first, in this order */
        bool insecure;  /* plain HTTP and any certificate will do: of location and mirrors */
} RegistryConf;

typedef struct RegistriesConf {
        RegistryConf *registries;
        size_t n;
} RegistriesConf;

/** registries_conf_parse() - read the file
 * @name  what to call it in messages
 * @ret   registries_conf_done() frees it
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION "NAME:LINE: ..."; -ENOMEM. */
int registries_conf_parse(const char *name, const char *text, size_t n, RegistriesConf *ret,
                          Fault *reterr);
/** registries_conf_done() - free what it holds and make it empty */
void registries_conf_done(RegistriesConf *c);
#define _cleanup_registries_conf_ _cleanup_(registries_conf_done)

/** registries_conf_find() - what is said about @domain
 * Return: borrowed; NULL nothing. */
const RegistryConf *registries_conf_find(const RegistriesConf *c, const char *domain);
