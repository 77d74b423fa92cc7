/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/capabilities.h"

#include <linux/capability.h>

#define CAP(name) (UINT64_C(1) << CAP_##name)

/* What programs in a container take for granted: the 11 that podman leaves, which a command run
 * there today has. */
#define APP                                                                                        \
        (CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) | CAP(FSETID) | CAP(KILL) |                  \
         CAP(NET_BIND_SERVICE) | CAP(SETFCAP) | CAP(SETGID) | CAP(SETPCAP) | CAP(SETUID) |         \
         CAP(SYS_CHROOT))

/* The fewest with which an unmodified Debian guest boots without a failed unit: without SYS_ADMIN
 * no mount unit works, without SYS_RESOURCE and NET_RAW journald, logind and dbus fail. Not MKNOD,
 * AUDIT_*, SYS_NICE, IPC_OWNER, LEASE, LINUX_IMMUTABLE, SYS_TTY_CONFIG, NET_BROADCAST, which nspawn
 * gives. */
#define SYSTEM                                                                                     \
        (APP | CAP(DAC_READ_SEARCH) | CAP(NET_ADMIN) | CAP(NET_RAW) | CAP(SYS_ADMIN) |             \
         CAP(SYS_BOOT) | CAP(SYS_PTRACE) | CAP(SYS_RESOURCE))

uint64_t capabilities_of(const Settings *s, bool booting)
{
        uint64_t set = booting || s->nesting ? SYSTEM : APP;

        NetworkMode mode = settings_network_mode(s);

        if (mode == NETWORK_MODE_HOST || mode == NETWORK_MODE_NETNS) /* not its own to change */
                set &= ~(CAP(NET_ADMIN) | CAP(NET_RAW));
        return (set & ~s->capabilities_drop) | s->capabilities_add;
}
