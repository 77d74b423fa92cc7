/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "spec/network-settings.h"

static void check_fault(const Fault *f)
{
        PROMISE(f->code == FAULT_INVALID_OPTION && f->message);
        PROMISE(!strpbrk(f->message, "\n\r\x1b\x7f"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_network_settings_ NetworkSettings s = {0}, again = {0};
        _cleanup_free_ char *text = fuzz_copy(data, n), *a = NULL, *b = NULL;
        _cleanup_fault_ Fault f = {0};

        if (network_settings_parse("fuzz.network", text, n, &s, &f) < 0) {
                check_fault(&f);
                return 0;
        }
        if (network_settings_validate(&s, &f) < 0)
                check_fault(&f);
        a = network_settings_format(&s);
        PROMISE(a && network_settings_parse("again", a, strlen(a), &again, NULL) >= 0);
        b = network_settings_format(&again);
        PROMISE(streq(a, b));
        return 0;
}
