/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/identity.h"

#include "base/cleanup.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

int identity_limit_capabilities(uint64_t wanted)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[2] = {0};

        if (syscall(SYS_capget, &header, data) < 0)
                return -errno;
        for (unsigned i = 0; i < ELEMENTSOF(data); i++) {
                data[i].permitted &= (uint32_t)(wanted >> (32 * i));
                data[i].effective = data[i].permitted;
                data[i].inheritable = 0;
        }
        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int identity_change(uid_t uid, gid_t gid, uint64_t capabilities)
{
        if (geteuid() == 0) {
                if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 ||
                    setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
                        return -errno;
        }
        return identity_limit_capabilities(capabilities);
}
