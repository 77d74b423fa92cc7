/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of systemd-nspawn(1) as a definition: .nspawn files, and what systemd-nspawn@.service
 * adds to them. Text and rules, no I/O. libc only. */
#pragma once

#include "base/fault.h"
#include "spec/settings.h"

#define NSPAWN_FILE_MAX (1U << 20)

typedef struct NspawnImport {
        Settings settings; /* without Image= */
        char **notes;      /* sentences: what has no counterpart, or comes out otherwise */
} NspawnImport;

/** nspawn_import() - translate a .nspawn file
 * @name    what to call the file in messages
 * @text    anything; NULL: there is no file, only what systemd-nspawn@.service does by itself
 * @trusted honour what gives access to the host, as nspawn does in /etc and /run alone
 * Return: 0, nspawn_import_done() frees @ret; -EINVAL with FAULT_INVALID_OPTION for what is no such
 * file; -ENOMEM. */
int nspawn_import(const char *name, const char *text, size_t n, bool trusted, NspawnImport *ret,
                  Fault *reterr);
/** nspawn_import_done() - free what it holds */
void nspawn_import_done(NspawnImport *import);
#define _cleanup_nspawn_import_ _cleanup_(nspawn_import_done)
