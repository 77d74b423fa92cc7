/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/capability.h"
#include "plan/capabilities.h"
#include "unit/test.h"

#include <linux/capability.h>

#define CAP(name) (UINT64_C(1) << CAP_##name)

int main(void)
{
        Settings s;

        settings_init(&s);
        CHECK_NUMBER(__builtin_popcountll(capabilities_of(&s, false)), 11);
        CHECK_NUMBER(__builtin_popcountll(capabilities_of(&s, true)), 18);
        CHECK(!(capabilities_of(&s, true) &
                (CAP(MKNOD) | CAP(SYS_MODULE) | CAP(SYS_RAWIO) | CAP(SYS_TIME) | CAP(SYSLOG) |
                 CAP(BPF) | CAP(AUDIT_CONTROL) | CAP(MAC_ADMIN))));

        /* with the host's network a guest must not reconfigure it, nor read along */
        s.private_network = 0;
        CHECK(!(capabilities_of(&s, true) & (CAP(NET_ADMIN) | CAP(NET_RAW))));
        CHECK_NUMBER(__builtin_popcountll(capabilities_of(&s, true)), 16);
        s.capabilities_add = CAP(NET_RAW); /* unless it is asked for */
        CHECK(capabilities_of(&s, true) & CAP(NET_RAW));

        /* nor a namespace that others have made */
        s.capabilities_add = 0;
        s.private_network = -1;
        s.networks = (char *[]){(char *)"netns=/run/netns/blue", NULL};
        CHECK(!(capabilities_of(&s, true) & (CAP(NET_ADMIN) | CAP(NET_RAW))));
        s.networks = (char *[]){(char *)"default", NULL};
        CHECK(capabilities_of(&s, true) & CAP(NET_ADMIN));
        CHECK(!(capabilities_of(&s, false) & (CAP(NET_ADMIN) | CAP(NET_RAW))));
        CHECK(capabilities_of(&s, false) & CAP(NET_BIND_SERVICE));

        s.capabilities_add = CAP(NET_RAW);
        s.capabilities_drop = CAPABILITIES_ALL;
        CHECK(capabilities_of(&s, true) == CAP(NET_RAW));
        s.capabilities_add = 0;
        CHECK_NUMBER(capabilities_of(&s, false), 0);
        return 0;
}
