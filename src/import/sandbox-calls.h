/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system calls of a job. */
#pragma once

typedef enum SandboxCalls {
        SANDBOX_CALLS_FILES,
        SANDBOX_CALLS_NETWORK, /* sockets, too */
        SANDBOX_CALLS_GUEST,   /* files below open directories alone; nothing mapped executable */
} SandboxCalls;

/** sandbox_restrict_calls() - refuse all but what moving bytes between files takes */
int sandbox_restrict_calls(SandboxCalls calls);
