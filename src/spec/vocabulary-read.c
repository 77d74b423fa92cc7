/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definition files with all that is wrong in them. libc only. */
#include "base/text.h"
#include "spec/ini.h"
#include "spec/setting-type.h"
#include "spec/vocabulary.h"
#include "spec/words.h"

#include <string.h>

#define SHOWN_MAX 120 /* bytes of a name that a message repeats */

typedef struct Reading {
        const Vocabulary *vocabulary;
        const VocabularyFile *file;
        void *s;
        VocabularySeenFn seen;
        void *userdata;
        Findings *findings;
} Reading;

static int find(const Reading *reading, FindingLevel level, const IniSpot *spot, size_t at,
                const char *message, const char *hint)
{
        Finding f = {
                .level = level,
                .path = (char *)reading->file->path,
                .message = (char *)message,
                .hint = (char *)hint,
        };

        ini_spot(spot, at, &f.line, &f.column);
        return message ? findings_add(reading->findings, &f) : -ENOMEM;
}

static int on_malformed(void *userdata, const char *message, const IniSpot *spot)
{
        return find(userdata, FINDING_ERROR, spot, 0, message, NULL);
}

/* ---- sections ---- */

/* "[Machine], [Exec], .." */
static char *known_sections(const Vocabulary *v)
{
        const char *last = NULL;
        char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return NULL;
        for (const SettingKey *key = v->keys; key->name; key++) {
                if (streq(key->section, last))
                        continue;
                (void)fprintf(f, "%s[%s]", last ? ", " : "there are ", key->section);
                last = key->section;
        }
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

static int on_section(void *userdata, const char *section, const IniSpot *spot)
{
        const Reading *reading = userdata;
        _cleanup_free_ char *shown = NULL, *message = NULL, *hint = NULL;

        for (const SettingKey *key = reading->vocabulary->keys; key->name; key++)
                if (streq(key->section, section))
                        return 0;
        shown = text_for_display(section, SHOWN_MAX);
        hint = known_sections(reading->vocabulary);
        if (!shown || !hint ||
            asprintf(&message, "there is no section [%s], it is ignored", shown) < 0)
                return -ENOMEM;
        int r = find(reading, FINDING_WARNING, spot, 0, message, hint);
        return r < 0 ? r : 1;
}

/* ---- settings ---- */

static int find_unknown(const Reading *reading, const char *name, const IniSpot *spot)
{
        const char *nearest = vocabulary_nearest(reading->vocabulary, name);
        _cleanup_free_ char *shown = text_for_display(name, SHOWN_MAX), *message = NULL,
                            *hint = NULL;

        if (!shown || asprintf(&message, "there is no setting '%s', it is ignored", shown) < 0 ||
            (nearest && asprintf(&hint, "did you mean %s?", nearest) < 0))
                return -ENOMEM;
        return find(reading, FINDING_WARNING, spot, 0, message,
                    hint ?: "lodge.machine(5) lists those there are");
}

static int find_misplaced(const Reading *reading, const SettingKey *key, const char *section,
                          const IniSpot *spot)
{
        _cleanup_free_ char *message = NULL, *hint = NULL;

        if (asprintf(&message, "%s= belongs in [%s], not in [%s]", key->name, key->section,
                     section) < 0 ||
            asprintf(&hint, "put it below a line [%s]", key->section) < 0)
                return -ENOMEM;
        return find(reading, FINDING_ERROR, spot, 0, message, hint);
}

/* "X='y' is not valid: give .." is a message and its hint. */
static int find_bad(const Reading *reading, const SettingKey *key, const IniSpot *spot, size_t at,
                    const Fault *why)
{
        const char *message = why->message ?: "not valid", *allowed = key->type->allowed;
        size_t n = strlen(message), n_hint = strlen(allowed) + 2;
        bool has_hint = n > n_hint && streq(message + n - n_hint + 2, allowed);
        _cleanup_free_ char *first = strndup(message, has_hint ? n - n_hint : n);

        return find(reading, FINDING_ERROR, spot, at, first, has_hint ? allowed : NULL);
}

/* A list of which some word is wrong: each that is. */
static int find_bad_words(const Reading *reading, const SettingKey *key, const char *value,
                          const IniSpot *spot, const Fault *why)
{
        _cleanup_strv_free_ char **words = NULL;
        size_t n = reading->findings->n;
        int r = 0;

        if (!key->type->is_list || key->type->is_raw ||
            words_split(value, SETTING_WORDS_MAX, &words) < 0)
                return find_bad(reading, key, spot, 0, why);
        for (size_t i = 0; r >= 0 && words[i]; i++) {
                _cleanup_fault_ Fault f = {0};
                char *const one[] = {words[i], NULL};

                r = setting_assign_words(reading->s, key, one, true, &f);
                if (r == -EINVAL)
                        r = find_bad(reading, key, spot, words_offset(value, i), &f);
        }
        return r < 0 || reading->findings->n > n ? r : find_bad(reading, key, spot, 0, why);
}

static int find_refused(const Reading *reading, const char *name, const IniSpot *spot)
{
        _cleanup_free_ char *message = NULL;

        if (asprintf(&message, "%s= %s", name, reading->file->refused_why) < 0)
                return -ENOMEM;
        return find(reading, FINDING_ERROR, spot, 0, message, NULL);
}

static int on_assign(void *userdata, const char *section, const char *name, const char *value,
                     const IniSpot *key_spot, const IniSpot *value_spot)
{
        const Reading *reading = userdata;
        const Vocabulary *v = reading->vocabulary;
        const SettingKey *key = vocabulary_find(v, name);
        _cleanup_fault_ Fault why = {0};
        unsigned line, column;
        int r = 0;

        if (!key)
                return find_unknown(reading, name, key_spot);
        if (!streq(key->section, section))
                return find_misplaced(reading, key, section, key_spot);
        if (strv_contains((char **)reading->file->refused, name))
                return find_refused(reading, name, key_spot);
        if (*value)
                r = setting_assign(v, reading->s, key, value, true, &why);
        else
                setting_reset(v, reading->s, key);
        if (r == -EINVAL)
                return find_bad_words(reading, key, value, value_spot, &why);
        if (r < 0 || !reading->seen)
                return r;
        ini_spot(key_spot, 0, &line, &column);
        return reading->seen(reading->userdata, key, value, line, column);
}

int vocabulary_read(const Vocabulary *v, const VocabularyFile *file, void *s, VocabularySeenFn seen,
                    void *userdata, Findings *findings)
{
        static const IniVisitor visitor = {on_section, on_assign, on_malformed, SETTINGS_FILE_MAX};
        Reading reading = {v, file, s, seen, userdata, findings};

        return ini_visit(file->text, file->n_text, &visitor, &reading);
}
