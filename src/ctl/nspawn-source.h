/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where systemd-nspawn keeps what it knows of a machine. Everything there may be a stranger's. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct NspawnSource {
        char *image; /* name in /var/lib/machines */
        char *path;  /* of the .nspawn file; NULL: there is none */
        bool trusted;
        char *text;
        size_t n;
        char *machine_id; /* that the tree has; NULL: none */
        uint32_t owner;   /* of the tree; 0 for a disk image */
        bool enabled;     /* systemd-nspawn@.service, at boot */
        char *drop_ins;   /* directory of its unit's; NULL: none */
} NspawnSource;

/** nspawn_source_read() - look for a machine of systemd-nspawn's
 * @word its name, or the path of a .nspawn file, which is trusted then
 * Return: 0, nspawn_source_done() frees it; negative errno with a Fault. */
int nspawn_source_read(const char *word, NspawnSource *ret, Fault *reterr);
/** nspawn_source_done() - free what it holds */
void nspawn_source_done(NspawnSource *s);
#define _cleanup_nspawn_source_ _cleanup_(nspawn_source_done)
