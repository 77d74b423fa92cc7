/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "spec/nspawn.h"

/* What comes out is a definition that reads back the same. */
static void try_definition(const Settings *s)
{
        _cleanup_settings_ Settings again = {0};
        _cleanup_free_ char *text = settings_format(s), *second = NULL;

        PROMISE(text);
        PROMISE(settings_parse("again", text, strlen(text), &again, NULL) >= 0);
        second = settings_format(&again);
        PROMISE(streq(text, second));
}

/* @trusted: whatever the text is, without trust nothing of the host gets in. */
static void try_text(const char *text, size_t n, bool trusted)
{
        _cleanup_nspawn_import_ NspawnImport i = {0};
        _cleanup_fault_ Fault f = {0};

        if (nspawn_import("fuzz.nspawn", text, n, trusted, &i, &f) < 0) {
                PROMISE(f.code == FAULT_INVALID_OPTION && f.message);
                PROMISE(!strpbrk(f.message, "\n\r\x1b\x7f"));
                return;
        }
        STRV_FOREACH (note, i.notes)
                PROMISE(!strpbrk(*note, "\n\r\x1b\x7f"));
        if (!trusted) {
                PROMISE(!i.settings.binds && !i.settings.tmpfs && !i.settings.publish);
                PROMISE(i.settings.capabilities_add == 0);
                PROMISE(strv_length(i.settings.networks) == 1 &&
                        streq(i.settings.networks[0], "default"));
        }
        try_definition(&i.settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *text = fuzz_copy(data, n);

        try_text(text, n, true);
        try_text(text, n, false);
        return 0;
}
