/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/capability.h"
#include "base/cleanup.h"
#include "unit/test.h"

#include <linux/capability.h>

int main(void)
{
        CHECK_STRING(capability_name(CAP_CHOWN), "CAP_CHOWN");
        CHECK_STRING(capability_name(CAP_CHECKPOINT_RESTORE), "CAP_CHECKPOINT_RESTORE");
        CHECK_STRING(capability_name(41), NULL);
        CHECK_STRING(capability_name(~0U), NULL);
        for (unsigned cap = 0; cap < 41; cap++) {
                CHECK(CAPABILITIES_ALL & UINT64_C(1) << cap);
                CHECK_NUMBER(capability_from_name(capability_name(cap)), cap);
        }
        CHECK_NUMBER(capability_from_name("net_admin"), CAP_NET_ADMIN);
        CHECK_NUMBER(capability_from_name("cap_Net_Raw"), CAP_NET_RAW);
        CHECK_NUMBER(capability_from_name(""), -EINVAL);
        CHECK_NUMBER(capability_from_name("CAP_"), -EINVAL);
        CHECK_NUMBER(capability_from_name("CAP_CAP_CHOWN"), -EINVAL);
        CHECK_NUMBER(capability_from_name("0"), -EINVAL);
        return 0;
}
