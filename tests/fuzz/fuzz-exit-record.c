/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "wire/exit-record.h"

static void check_string(const char *s)
{
        PROMISE(!s || (utf8_is_valid(s) && !strpbrk(s, "\n\t")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *text = strndup((const char *)data, n);
        _cleanup_exit_record_ ExitRecord r = {0};

        PROMISE(text);
        if (exit_record_parse(text, &r) < 0)
                return 0;
        PROMISE(r.cause && r.status >= -1 && r.status <= 255 && r.signal >= 0 && r.error >= 0);
        PROMISE(strv_length(r.output) <= EXIT_RECORD_LINES_MAX);
        check_string(r.cause);
        check_string(r.phase);
        check_string(r.object);
        check_string(r.message);
        STRV_FOREACH (line, r.output)
                check_string(*line);
        return 0;
}
