/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a token server answers: nothing of it may end a header early. */
#include "fuzz/fuzz.h"
#include "import/auth-challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *text = fuzz_copy(data, n);
        _cleanup_secret_ char *token = NULL;
        const char *why = NULL;
        uint64_t usec = 0;

        if (auth_token_parse(text, n, &token, &usec, &why) < 0) {
                PROMISE(!token && why);
                return 0;
        }
        PROMISE(*token && usec > 0 && usec <= UINT64_C(86400) * 1000000);
        for (const char *s = token; *s; s++)
                PROMISE(*s > ' ' && *s < 0x7f);
        return 0;
}
