/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the values of settings are from. libc only. */
#pragma once

#include "base/cleanup.h"
#include "spec/vocabulary.h"

#include <stddef.h>

typedef struct Origin {
        const SettingKey *key;
        char **values; /* what it has given; NULL: it has put the default back */
        char *place;   /* "/etc/lodge/machines/web.machine:4", "profile app: PATH:3" */
} Origin;

typedef struct Origins {
        Origin *list; /* in the order in which they count; several of one key: a list's parts */
        size_t n;
} Origins;

/** origins_add() - one more
 * @origin emptied on success
 * Return: 0; -ENOMEM. */
int origins_add(Origins *o, Origin *origin);
/** origins_forget() - what came before does not count any more */
void origins_forget(Origins *o, const SettingKey *key);
/** origins_done() - free what it holds */
void origins_done(Origins *o);
#define _cleanup_origins_ _cleanup_(origins_done)
