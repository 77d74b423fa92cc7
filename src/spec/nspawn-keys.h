/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The vocabulary of systemd.nspawn(5), up to systemd 262. */
#pragma once

#include "spec/nspawn-internal.h"

typedef struct NspawnKey NspawnKey;
struct NspawnKey {
        const char *section, *name;
        bool privileged; /* ignored by nspawn in a file that it does not trust */
        int (*take)(Nspawn *n, const NspawnKey *key, const char *value);
        size_t offset;        /* in Nspawn, of what it is read into */
        const char *argument; /* the setting it becomes, or why it becomes none */
        const char *idle;     /* values, separated by blanks, with which it asks for nothing */
};

/** nspawn_keys() - all of them, ended by a NULL name */
const NspawnKey *nspawn_keys(void);
