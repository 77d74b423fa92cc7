/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts of check_run(). */
#pragma once

#include "base/cleanup.h"
#include "net/engine.h"

typedef struct Findings {
        char **lines;
        int error; /* first failure to note one */
} Findings;

/** findings_add() - note one
 * @command what helps; NULL: nothing can be typed
 * @format  of the sentence */
void findings_add(Findings *f, const char *command, const char *format, ...) _printf_(3, 4);

/** check_sysctl() - value of a number in /proc/sys; Return: -1 there is none such */
int64_t check_sysctl(const char *name);

/** check_chains() - chains of others that drop what they do not know */
void check_chains(Engine *e, Findings *f);
/** check_sysctls() - what the kernel was told not to do */
void check_sysctls(Engine *e, Findings *f);
/** check_bridges() - bridges, their addresses, the routes to them */
void check_bridges(Engine *e, Findings *f);
