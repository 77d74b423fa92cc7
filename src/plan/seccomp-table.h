/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which system calls a machine may make: data only. Private to plan. */
#pragma once

#define SECCOMP_ANYBODY (-1) /* no capability is asked for */
#define SECCOMP_NOBODY  (-2) /* refused whatever the capabilities */

typedef struct SeccompGroup {
        int capability; /* CAP_*: without it in the bounding set the calls are refused */
        const char
                *calls; /* names, with blanks between; those of other architectures are skipped */
} SeccompGroup;

/* Ended by a NULL. A call that is in no group is unknown: ENOSYS, so that programs fall back to an
 * older one. io_uring and userfaultfd are left out for that effect, and whatever is newer than this
 * table. */
extern const SeccompGroup seccomp_groups[];
