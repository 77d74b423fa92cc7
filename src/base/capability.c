/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/capability.h"

#include "base/cleanup.h"

#include <linux/capability.h>
#include <string.h>

#define PREFIX "CAP_"

#define NAME(cap) [CAP_##cap] = PREFIX #cap
static const char *const names[] = {
        NAME(CHOWN),
        NAME(DAC_OVERRIDE),
        NAME(DAC_READ_SEARCH),
        NAME(FOWNER),
        NAME(FSETID),
        NAME(KILL),
        NAME(SETGID),
        NAME(SETUID),
        NAME(SETPCAP),
        NAME(LINUX_IMMUTABLE),
        NAME(NET_BIND_SERVICE),
        NAME(NET_BROADCAST),
        NAME(NET_ADMIN),
        NAME(NET_RAW),
        NAME(IPC_LOCK),
        NAME(IPC_OWNER),
        NAME(SYS_MODULE),
        NAME(SYS_RAWIO),
        NAME(SYS_CHROOT),
        NAME(SYS_PTRACE),
        NAME(SYS_PACCT),
        NAME(SYS_ADMIN),
        NAME(SYS_BOOT),
        NAME(SYS_NICE),
        NAME(SYS_RESOURCE),
        NAME(SYS_TIME),
        NAME(SYS_TTY_CONFIG),
        NAME(MKNOD),
        NAME(LEASE),
        NAME(AUDIT_WRITE),
        NAME(AUDIT_CONTROL),
        NAME(SETFCAP),
        NAME(MAC_OVERRIDE),
        NAME(MAC_ADMIN),
        NAME(SYSLOG),
        NAME(WAKE_ALARM),
        NAME(BLOCK_SUSPEND),
        NAME(AUDIT_READ),
        NAME(PERFMON),
        NAME(BPF),
        NAME(CHECKPOINT_RESTORE),
};
_Static_assert(ELEMENTSOF(names) == 41, "CAPABILITIES_ALL says 41");

const char *capability_name(unsigned cap)
{
        return cap < ELEMENTSOF(names) ? names[cap] : NULL;
}

int capability_from_name(const char *name)
{
        if (strncasecmp(name, PREFIX, strlen(PREFIX)) == 0)
                name += strlen(PREFIX);
        for (unsigned cap = 0; cap < ELEMENTSOF(names); cap++)
                if (strcasecmp(names[cap] + strlen(PREFIX), name) == 0)
                        return (int)cap;
        return -EINVAL;
}
