/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's resolv.conf, written by whatever program. */
#include "base/cleanup.h"
#include "fuzz/fuzz.h"
#include "relay/resolv-conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *text = strndup((const char *)data, n);
        Resolvers r;

        PROMISE(text);
        resolv_conf_parse(text, &r);
        PROMISE(r.n >= 1 && r.n <= RESOLVERS_MAX);
        for (size_t i = 0; i < r.n; i++) {
                NetAddress a = socket_address_get(&r.addresses[i]);

                PROMISE(a.family != 0);
        }
        return 0;
}
