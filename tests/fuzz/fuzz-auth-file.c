/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* auth.json: a login that can be sent, or a sentence. */
#include "fuzz/fuzz.h"
#include "import/auth-file.h"

static void check_word(const char *s)
{
        for (; s && *s; s++)
                PROMISE((unsigned char)*s > ' ' && *s != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        static const char *const hosts[] = {"x.org", "registry-1.docker.io", "localhost:5000"};
        _cleanup_free_ char *text = fuzz_copy(data, n);

        for (size_t i = 0; i < ELEMENTSOF(hosts); i++) {
                _cleanup_auth_login_ AuthLogin login = {0};
                _cleanup_fault_ Fault f = {0};
                int r = auth_file_find(text, n, hosts[i], "library/busybox", &login, &f);

                PROMISE(r < 0 ? f.code != FAULT_NONE : f.code == FAULT_NONE);
                PROMISE((r == 1) == (login.user || login.identity_token || login.registry_token));
                PROMISE(!login.user == !login.password);
                PROMISE(!login.user || *login.user);
                check_word(login.identity_token);
                check_word(login.registry_token);
        }
        return 0;
}
