/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definition files. libc only. */
#include "spec/settings.h"

#include "base/text.h"
#include "spec/ini.h"
#include "spec/setting-type.h"
#include "spec/words.h"

#include <string.h>

static bool knows_section(const char *section)
{
        for (const SettingKey *key = setting_keys(); key->name; key++)
                if (streq(key->section, section))
                        return true;
        return false;
}

static int assign(void *userdata, const char *section, const char *name, const char *value,
                  Fault *reterr)
{
        const SettingKey *key = setting_key_find(name);
        Settings *s = userdata;

        if (!key)
                return setting_unknown(name, reterr);
        if (!streq(key->section, section))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "%s= belongs in [%s], not in [%s]", name, key->section, section);
        if (*value)
                return setting_assign(s, key, value, true, reterr);
        setting_reset(s, key);
        return 0;
}

int settings_parse(const char *name, const char *text, size_t n, Settings *ret, Fault *reterr)
{
        static const IniReader reader = {
                .knows_section = knows_section,
                .assign = assign,
                .size_max = SETTINGS_FILE_MAX,
        };
        _cleanup_settings_ Settings s;

        settings_init(&s);
        int r = ini_parse(name, text, n, &reader, &s, reterr);
        if (r < 0)
                return r;
        *ret = s;
        s = (Settings){0};
        return 0;
}

static int put_words(FILE *f, const SettingKey *key, char *const *words)
{
        _cleanup_free_ char *line = words_join(words);

        if (!line)
                return -ENOMEM;
        (void)fprintf(f, "%s=%s\n", key->name, line);
        return 0;
}

static int put_key(FILE *f, const SettingKey *key, char *const *words)
{
        int r = 0;

        if (!key->type->is_list)
                (void)fprintf(f, "%s=%s\n", key->name, words[0]);
        else if (!key->type->one_a_line)
                r = put_words(f, key, words);
        else
                for (; *words && r >= 0; words++)
                        r = put_words(f, key, (char *const[]){*words, NULL});
        return r;
}

static int put_settings(FILE *f, const Settings *s)
{
        const char *section = NULL;

        for (const SettingKey *key = setting_keys(); key->name; key++) {
                _cleanup_strv_free_ char **words = NULL;
                int r = settings_get(s, key, &words);

                if (r < 0)
                        return r;
                if (r == 0)
                        continue;
                if (!streq(section, key->section))
                        (void)fprintf(f, "%s[%s]\n", section ? "\n" : "", key->section);
                section = key->section;
                r = put_key(f, key, words);
                if (r < 0)
                        return r;
        }
        return ferror(f) ? -ENOMEM : 0;
}

char *settings_format(const Settings *s)
{
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return NULL;
        int r = put_settings(f, s);
        if (fclose(f) != 0 || r < 0)
                return NULL;
        return TAKE_PTR(text);
}
