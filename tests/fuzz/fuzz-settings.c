/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "spec/settings.h"
#include "spec/unit-lines.h"

static void check_fault(const Fault *f)
{
        PROMISE(f->code == FAULT_INVALID_OPTION && f->message);
        PROMISE(!strpbrk(f->message, "\n\r\x1b\x7f"));
}

/* Nothing gets into a unit but the lines that are meant to: a section, a key of the vocabulary. */
static void check_unit(char *text, const char *other_key)
{
        PROMISE(text);
        for (char *line; (line = strsep(&text, "\n"));) {
                size_t n = strcspn(line, "=");

                if (!*line || *line == '#' || streq(line, "[Unit]") || streq(line, "[Service]") ||
                    streq(line, "[Install]"))
                        continue;
                PROMISE(line[n] == '=' && utf8_is_valid(line) && line[strlen(line) - 1] != '\\');
                line[n] = '\0';
                PROMISE(other_key ? streq(line, other_key) : setting_key_find(line) != NULL);
        }
}

static void try_unit(const Settings *s)
{
        _cleanup_free_ char *lines = unit_lines(s), *mounts = unit_mount_lines(s),
                            *limits = unit_limit_lines(s);

        check_unit(lines, NULL);
        check_unit(limits, NULL);
        check_unit(mounts, "RequiresMountsFor");
}

/* What is taken reads back the same, key by key. */
static void try_round_trip(const Settings *s)
{
        _cleanup_settings_ Settings again = {0};
        _cleanup_fault_ Fault f = {0};
        _cleanup_free_ char *text = settings_format(s);

        PROMISE(text);
        PROMISE(settings_parse("again", text, strlen(text), &again, &f) >= 0);
        for (const SettingKey *key = setting_keys(); key->name; key++) {
                _cleanup_strv_free_ char **a = NULL, **b = NULL;

                PROMISE(settings_get(s, key, &a) >= 0 && settings_get(&again, key, &b) >= 0);
                PROMISE(strv_equal(a, b));
        }
        try_unit(s);
        if (settings_validate(s, &f) < 0)
                check_fault(&f);
}

static void try_file(const char *text, size_t n)
{
        _cleanup_settings_ Settings s = {0};
        _cleanup_fault_ Fault f = {0};

        if (settings_parse("fuzz.machine", text, n, &s, &f) < 0)
                check_fault(&f);
        else
                try_round_trip(&s);
}

/* Each key with all of the text as its value, as over the bus. */
static void try_values(const char *text)
{
        _cleanup_settings_ Settings s = {0};

        settings_init(&s);
        for (const SettingKey *key = setting_keys(); key->name; key++) {
                _cleanup_fault_ Fault f = {0};
                SettingValue v = {SETTING_STRING, .string = text};
                char *const words[] = {(char *)text, NULL};

                if (settings_set(&s, key->name, &v, &f) < 0)
                        check_fault(&f);
                if (key->kind != SETTING_STRV)
                        continue;
                try_round_trip(&s);
                v = (SettingValue){SETTING_STRV, .strv = words};
                (void)settings_set(&s, key->name, &v, NULL);
        }
        try_round_trip(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *text = fuzz_copy(data, n), *string = strndup((const char *)data, n);

        PROMISE(string);
        try_file(text, n);
        try_values(string);
        return 0;
}
