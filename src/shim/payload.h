/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last steps before a program of the guest runs: PLAN_STAGE_PAYLOAD, for PID 1 and for what is
 * exec'd later alike. Runs in the child, inside the machine's namespaces. */
#pragma once

#include "shim/failure.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct PayloadArgs {
        const void *plan;
        size_t n_plan;
        bool leader;       /* PID 1: hostname, arguments and user are those of the plan */
        char *const *argv; /* not leader; NULL or empty with login: the user's shell */
        char *const *env;  /* added to the plan's */
        const char *user;  /* not leader; NULL: root */
        const char *cwd;   /* not leader; NULL: "/", or the home directory with login */
        bool login;
        bool terminal; /* stdio[0] is a terminal: make it the controlling one */
        int stdio[3];
} PayloadArgs;

/** payload_exec() - become the program
 * Closes every descriptor but 0, 1, 2 on the way.
 * Return: only on failure: negative errno, with @f set. */
int payload_exec(const PayloadArgs *args, Failure *f);
