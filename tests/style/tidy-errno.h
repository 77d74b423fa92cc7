/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Put before every file that check-tidy looks at: tells the analyzer that a failed call leaves one
 * of the errno values that matter to us. It cannot derive that -errno is negative, and would
 * follow "return -errno" as if it could be success. */
#pragma once

#include <errno.h>

static inline int *some_errno(void)
{
        int *e = __errno_location();

        switch (*e) {
        case EINTR: *e = EINTR; break;
        case EAGAIN: *e = EAGAIN; break;
        case ENOENT: *e = ENOENT; break;
        case EEXIST: *e = EEXIST; break;
        default: *e = EIO; break;
        }
        return e;
}

#undef errno
#define errno (*some_errno())
