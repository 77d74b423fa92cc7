/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definition files. libc only. */
#include "spec/vocabulary.h"

#include "base/text.h"
#include "spec/ini.h"
#include "spec/setting-type.h"
#include "spec/words.h"

#include <string.h>

typedef struct Reading {
        const Vocabulary *vocabulary;
        void *s;
} Reading;

static bool knows_section(void *userdata, const char *section)
{
        const Reading *reading = userdata;

        for (const SettingKey *key = reading->vocabulary->keys; key->name; key++)
                if (streq(key->section, section))
                        return true;
        return false;
}

static int assign(void *userdata, const char *section, const char *name, const char *value,
                  Fault *reterr)
{
        const Reading *reading = userdata;
        const Vocabulary *v = reading->vocabulary;
        const SettingKey *key = vocabulary_find(v, name);

        if (!key)
                return setting_unknown(v, name, reterr);
        if (!streq(key->section, section))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "%s= belongs in [%s], not in [%s]", name, key->section, section);
        if (*value)
                return setting_assign(v, reading->s, key, value, true, reterr);
        setting_reset(v, reading->s, key);
        return 0;
}

int vocabulary_parse(const Vocabulary *v, const char *name, const char *text, size_t n, void *ret,
                     Fault *reterr)
{
        static const IniReader reader = {
                .knows_section = knows_section,
                .assign = assign,
                .size_max = SETTINGS_FILE_MAX,
        };
        Reading reading = {v, ret};

        vocabulary_init(v, ret);
        int r = ini_parse(name, text, n, &reader, &reading, reterr);
        if (r < 0)
                vocabulary_done(v, ret);
        return r;
}

static int push_line(char ***lines, char *const *words)
{
        _cleanup_free_ char *line = words_join(words);

        return line ? strv_push(lines, line) : -ENOMEM;
}

int setting_lines(const Vocabulary *v, const void *s, const SettingKey *key, char ***ret)
{
        _cleanup_strv_free_ char **words = NULL, **lines = NULL;
        int is_set = vocabulary_get(v, s, key, &words), r = MIN2(is_set, 0);

        if (r >= 0 && (!key->type->is_list || key->type->is_raw)) {
                *ret = TAKE_PTR(words);
                return is_set;
        }
        if (r >= 0 && words && *words && !key->type->one_a_line)
                r = push_line(&lines, words);
        STRV_FOREACH (word, key->type->one_a_line ? words : NULL)
                r = r < 0 ? r : push_line(&lines, (char *const[]){*word, NULL});
        if (r >= 0 && !lines)
                r = (lines = calloc(1, sizeof(char *))) ? 0 : -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(lines);
        return is_set;
}

static int put_settings(FILE *f, const Vocabulary *v, const void *s)
{
        const char *section = NULL;

        for (const SettingKey *key = v->keys; key->name; key++) {
                _cleanup_strv_free_ char **lines = NULL;
                int r = setting_lines(v, s, key, &lines);

                if (r < 0)
                        return r;
                if (r == 0)
                        continue;
                if (!streq(section, key->section))
                        (void)fprintf(f, "%s[%s]\n", section ? "\n" : "", key->section);
                section = key->section;
                STRV_FOREACH (line, lines)
                        (void)fprintf(f, "%s=%s\n", key->name, *line);
        }
        return ferror(f) ? -ENOMEM : 0;
}

char *vocabulary_format(const Vocabulary *v, const void *s)
{
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return NULL;
        int r = put_settings(f, v, s);
        if (fclose(f) != 0 || r < 0)
                return NULL;
        return TAKE_PTR(text);
}
