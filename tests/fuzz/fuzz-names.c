/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Short strings from anybody: names, numbers, times, signals, quoted words, text to be shown. */
#include "base/capability.h"
#include "base/machine-name.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "spec/settings.h"
#include "spec/words.h"

static void try_names(const char *s)
{
        _cleanup_free_ char *unit = NULL, *name = NULL, *foreign = machine_name_from_unit(s);
        _cleanup_fault_ Fault f = {0};

        PROMISE(!foreign || machine_name_is_valid(foreign));
        (void)image_name_check(s, NULL);
        if (machine_name_check(s, &f) < 0) {
                PROMISE(f.message && !strpbrk(f.message, "\n\x1b"));
                return;
        }
        PROMISE(strlen(s) <= MACHINE_NAME_MAX && !strpbrk(s, "/_@ \n") && s[0] != '.');
        PROMISE(image_name_check(s, NULL) >= 0);
        unit = machine_unit_name(s);
        name = machine_name_from_unit(unit);
        PROMISE(streq(name, s));
}

static void try_values(const char *s)
{
        const char *nearest = setting_key_nearest(s);
        char buf[16];
        uint64_t v;

        PROMISE(!nearest || setting_key_find(nearest));
        if (parse_u64(s, 65535, &v) >= 0)
                PROMISE(v <= 65535);
        (void)parse_usec(s, &v);
        (void)parse_bytes(s, &v);
        (void)parse_bool(s);

        int sig = parse_signal(s);
        PROMISE(sig < 0 || parse_signal(signal_name(sig, buf)) == sig);
        int cap = capability_from_name(s);
        PROMISE(cap < 0 || CAPABILITIES_ALL & UINT64_C(1) << cap);
}

static void try_words(const char *s)
{
        _cleanup_strv_free_ char **words = NULL, **again = NULL;
        _cleanup_free_ char *joined = NULL;

        if (words_split(s, 100, &words) < 0)
                return;
        joined = words_join(words);
        PROMISE(joined && !strpbrk(joined, "\n\r"));
        PROMISE(words_split(joined, 100, &again) >= 0 && strv_equal(words, again));
}

static void try_display(const char *s)
{
        for (size_t max = 0; max < 40; max += 13) {
                _cleanup_free_ char *shown = text_for_display(s, max);

                PROMISE(shown && strlen(shown) <= max + strlen("..."));
                PROMISE(utf8_is_valid(shown) && !strpbrk(shown, "\n\t"));
        }
        PROMISE(!utf8_is_valid(s) || utf8_is_well_formed(s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *s = strndup((const char *)data, n);

        PROMISE(s);
        try_names(s);
        try_values(s);
        try_words(s);
        try_display(s);
        return 0;
}
