/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a job may still do once it reads what strangers wrote. The unit has already taken away the
 * file system and most capabilities; this is the rest, and holds without the unit, too. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SANDBOX_READABLE_MAX 4

typedef struct SandboxArgs {
        uid_t uid;       /* to become; not used unless the caller is root */
        bool network;    /* may open sockets, and read what names and certificates need */
        bool owns_files; /* makes files of any owner, mode and capability */
        bool reads_all;  /* reads files of any owner */
        int writable_fd; /* the directory to write in; -EBADF: none */
        int readable_fds[SANDBOX_READABLE_MAX]; /* directories to read in; -EBADF: none */
} SandboxArgs;

/** sandbox_enter() - give up everything else; all threads started later have the same
 * To be called with one thread. What the kernel has not got (Landlock) is left out. */
int sandbox_enter(const SandboxArgs *args, Fault *reterr);

/** sandbox_enter_guest() - the same of a process that sees the files of a machine only
 * From now on nothing that is not below an open directory can be opened, and nothing loaded. */
int sandbox_enter_guest(Fault *reterr);
