/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/vocabulary.h"

#include "base/text.h"
#include "spec/setting-type.h"
#include "spec/words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 120 /* bytes of a wrong value that a message repeats */

const SettingKey *vocabulary_find(const Vocabulary *v, const char *name)
{
        for (const SettingKey *key = v->keys; key->name; key++)
                if (streq(key->name, name))
                        return key;
        return NULL;
}

static int lower(int c)
{
        return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* How many letters must be put in, taken out or changed to make @b of @a, case aside. */
static unsigned edit_distance(const char *a, size_t n_a, const char *b)
{
        unsigned row[64];
        size_t n_b = strnlen(b, ELEMENTSOF(row) - 1);

        for (size_t j = 0; j <= n_b; j++)
                row[j] = (unsigned)j;
        for (size_t i = 1; i <= n_a; i++) {
                unsigned corner = row[0];

                row[0] = (unsigned)i;
                for (size_t j = 1; j <= n_b; j++) {
                        unsigned change = corner + (lower(a[i - 1]) != lower(b[j - 1]));

                        corner = row[j];
                        row[j] = MIN2(MIN2(row[j], row[j - 1]) + 1, change);
                }
        }
        return row[n_b];
}

const char *vocabulary_nearest(const Vocabulary *v, const char *name)
{
        const char *nearest = NULL;
        size_t n = strnlen(name, 40);
        unsigned best = 0;

        if (n == 40)
                return NULL;
        for (const SettingKey *key = v->keys; key->name; key++) {
                unsigned distance = edit_distance(name, n, key->name);

                /* a third of the letters wrong is a slip, more is another word */
                if (!key->internal && distance <= MIN2(n, strlen(key->name)) / 3 + 1 &&
                    (!nearest || distance < best)) {
                        nearest = key->name;
                        best = distance;
                }
        }
        return nearest;
}

static void *field_of(void *s, const SettingKey *key)
{
        return (char *)s + key->offset;
}

static const void *field_of_const(const void *s, const SettingKey *key)
{
        return (const char *)s + key->offset;
}

void vocabulary_init(const Vocabulary *v, void *s)
{
        memcpy(s, v->defaults, v->size);
}

void vocabulary_done(const Vocabulary *v, void *s)
{
        for (const SettingKey *key = v->keys; key->name; key++)
                setting_reset(v, s, key);
}

void setting_reset(const Vocabulary *v, void *s, const SettingKey *key)
{
        void *field = field_of(s, key);

        if (key->type->is_list)
                *(char ***)field = strv_free(*(char ***)field);
        else if (key->type->check) {
                free(*(char **)field);
                *(char **)field = NULL;
        } else
                memcpy(field, field_of_const(v->defaults, key), key->type->size);
}

static int refuse(const SettingKey *key, const char *value, const char *why, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(value, SHOWN_MAX);

        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s='%s' is not valid: %s",
                         key->name, shown ?: "", why ?: key->type->allowed);
}

int setting_unknown(const Vocabulary *v, const char *name, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(name, SHOWN_MAX);
        const char *nearest = vocabulary_nearest(v, name);

        if (nearest)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "there is no setting '%s'; did you mean %s?", shown ?: "",
                                 nearest);
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                         "there is no setting '%s'; lodgectl(1) lists those there are",
                         shown ?: "");
}

static int assign_string(void *s, const SettingKey *key, const char *text, Fault *reterr)
{
        char **field = field_of(s, key);
        const char *why = NULL;

        if (!key->type->check(text, &why))
                return refuse(key, text, why, reterr);

        char *copy = NULL;
        int r = key->type->canonical ? key->type->canonical(text, &copy) : 0;
        if (r >= 0 && !copy)
                copy = strdup(text);
        if (!copy)
                return -ENOMEM;
        free(*field);
        *field = copy;
        return 0;
}

static int assign_value(const Vocabulary *v, void *s, const SettingKey *key, const char *text,
                        bool append, Fault *reterr)
{
        /* unchanged on failure, so parsed beside the field */
        union {
                uint64_t align;
                uint8_t bytes[SETTING_VALUE_SIZE_MAX];
        } value;
        void *field = field_of(s, key);

        memcpy(&value, append ? field : field_of_const(v->defaults, key), key->type->size);
        int r = key->type->parse(text, &value);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return refuse(key, text, NULL, reterr);
        memcpy(field, &value, key->type->size);
        return 0;
}

static int push_canonical(char ***list, const SettingKey *key, const char *word)
{
        _cleanup_free_ char *canonical = NULL;
        int r = key->type->canonical ? key->type->canonical(word, &canonical) : 0;

        return r < 0 ? r : strv_push(list, canonical ?: word);
}

bool setting_is_none(const SettingKey *key, char *const *words)
{
        return key->type->none && words && words[0] && !words[1] &&
               streq(words[0], key->type->none);
}

int setting_assign_words(void *s, const SettingKey *key, char *const *words, bool append,
                         Fault *reterr)
{
        char ***field = field_of(s, key);
        bool keep =
                append && *field && !setting_is_none(key, *field) && !setting_is_none(key, words);
        _cleanup_strv_free_ char **list = keep ? strv_copy(*field) : NULL;
        size_t n = 0, size = 0;

        if (keep && !list)
                return -ENOMEM;
        STRV_FOREACH (word, list) {
                n++;
                size += strlen(*word) + 1;
        }
        STRV_FOREACH (word, words) {
                const char *why = NULL;

                if (!key->type->check(*word, &why))
                        return refuse(key, *word, why, reterr);
                if (words[1] && streq(*word, key->type->none))
                        return refuse(key, *word,
                                      "it is a list of nothing, and cannot stand beside others",
                                      reterr);
                size += strlen(*word) + 1;
                if (++n > SETTING_WORDS_MAX || size > SETTING_WORDS_SIZE_MAX)
                        return refuse(key, *word, "a list may have at most 1024 words and 1 MiB",
                                      reterr);
                int r = push_canonical(&list, key, *word);
                if (r < 0)
                        return r;
        }
        strv_free(*field);
        *field = TAKE_PTR(list);
        return 0;
}

static int assign_raw(void *s, const SettingKey *key, const char *text, bool append, Fault *reterr)
{
        _cleanup_free_ char *copy = strdup(text);
        _cleanup_strv_free_ char **words = NULL;
        char *rest = copy, *word;
        int r = copy ? 0 : -ENOMEM;

        while (r >= 0 && (word = key->type->whole_line ? TAKE_PTR(rest) : strsep(&rest, " \t")))
                r = *word ? strv_push(&words, word) : 0;
        return r < 0 ? r : setting_assign_words(s, key, words, append, reterr);
}

int setting_assign(const Vocabulary *v, void *s, const SettingKey *key, const char *text,
                   bool append, Fault *reterr)
{
        _cleanup_strv_free_ char **words = NULL;

        if (!key->type->check)
                return assign_value(v, s, key, text, append, reterr);
        if (key->type->is_raw)
                return assign_raw(s, key, text, append, reterr);
        if (!key->type->is_list)
                return assign_string(s, key, text, reterr);

        int r = words_split(text, SETTING_WORDS_MAX, &words);
        if (r == -ENOMEM)
                return r;
        if (r == -E2BIG)
                return refuse(key, text, "a list may have at most 1024 words", reterr);
        if (r < 0)
                return refuse(key, text,
                              "a quote is left open, or a backslash begins no known escape",
                              reterr);
        return setting_assign_words(s, key, words, append, reterr);
}

static const char *kind_wants(SettingKind kind)
{
        switch (kind) {
        case SETTING_STRV: return "it takes a list of strings";
        case SETTING_BOOL: return "it takes a boolean";
        case SETTING_USEC: return "it takes microseconds, or a string such as 90s";
        default: return "it takes a string";
        }
}

static int copy_value(const SettingKey *key, const void *source, void *target)
{
        if (key->type->is_list) {
                char **list = *(char **const *)source;

                *(char ***)target = list ? strv_copy(list) : NULL;
                return list && !*(char ***)target ? -ENOMEM : 0;
        }
        if (key->type->check) {
                const char *string = *(char *const *)source;

                *(char **)target = string ? strdup(string) : NULL;
                return string && !*(char **)target ? -ENOMEM : 0;
        }
        memcpy(target, source, key->type->size);
        return 0;
}

int vocabulary_copy(const Vocabulary *v, const void *s, void *ret)
{
        vocabulary_init(v, ret);
        for (const SettingKey *key = v->keys; key->name; key++) {
                int r = copy_value(key, field_of_const(s, key), field_of(ret, key));
                if (r < 0) {
                        vocabulary_done(v, ret);
                        return r;
                }
        }
        return 0;
}

int vocabulary_copy_key(const Vocabulary *v, void *s, const void *from, const SettingKey *key)
{
        union {
                uint64_t align;
                uint8_t bytes[SETTING_VALUE_SIZE_MAX];
        } value;
        size_t size = key->type->check ? sizeof(char *) : key->type->size;
        int r = copy_value(key, field_of_const(from, key), &value);

        if (r < 0)
                return r;
        setting_reset(v, s, key); /* frees */
        memcpy(field_of(s, key), &value, size);
        return 0;
}

bool vocabulary_equal_key(const void *a, const void *b, const SettingKey *key)
{
        const void *x = field_of_const(a, key), *y = field_of_const(b, key);

        if (key->type->is_list)
                return strv_equal(*(char **const *)x, *(char **const *)y);
        if (key->type->check)
                return streq(*(char *const *)x, *(char *const *)y);
        return memcmp(x, y, key->type->size) == 0;
}

int vocabulary_set(const Vocabulary *v, void *s, const char *name, const SettingValue *value,
                   Fault *reterr)
{
        const SettingKey *key = vocabulary_find(v, name);
        char number[32];

        if (!key)
                return setting_unknown(v, name, reterr);
        if (key->internal)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "%s= is kept by lodged and cannot be set", name);
        if (value->kind != SETTING_STRING && value->kind != key->kind)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "%s= was given a value of the wrong type: %s", name,
                                 kind_wants(key->kind));
        switch (value->kind) {
        case SETTING_STRV: return setting_assign_words(s, key, value->strv, false, reterr);
        case SETTING_BOOL:
                return setting_assign(v, s, key, value->boolean ? "yes" : "no", false, reterr);
        case SETTING_USEC:
                (void)snprintf(number, sizeof(number), "%" PRIu64 "us", value->usec);
                return setting_assign(v, s, key, value->usec == UINT64_MAX ? "infinity" : number,
                                      false, reterr);
        case SETTING_STRING:
        case SETTING_OTHER: break;
        }
        if (!*value->string) {
                setting_reset(v, s, key);
                return 0;
        }
        return setting_assign(v, s, key, value->string, false, reterr);
}

static int get_words(const void *s, const SettingKey *key, char ***ret)
{
        const void *field = field_of_const(s, key);
        _cleanup_strv_free_ char **words = calloc(1, sizeof(char *));
        _cleanup_free_ char *formatted = NULL;
        const char *string;
        int r;

        if (!words)
                return -ENOMEM;
        if (key->type->is_list) {
                char **list = *(char **const *)field;

                *ret = list ? strv_copy(list) : TAKE_PTR(words);
                return *ret ? 0 : -ENOMEM;
        }
        if (key->type->check)
                string = *(char *const *)field;
        else {
                r = key->type->format(field, &formatted);
                if (r < 0)
                        return r;
                string = formatted;
        }
        r = string ? strv_push(&words, string) : 0;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(words);
        return 0;
}

/* Of pointers the default is NULL, which needs no text to be compared. */
static bool is_unset(const void *s, const SettingKey *key)
{
        return key->type->check && !*(void *const *)field_of_const(s, key);
}

int vocabulary_get(const Vocabulary *v, const void *s, const SettingKey *key, char ***ret)
{
        _cleanup_strv_free_ char **words = NULL, **standard = NULL;
        int r = get_words(s, key, &words);

        if (r >= 0 && !is_unset(s, key))
                r = get_words(v->defaults, key, &standard);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(words);
        return !strv_equal(*ret, standard);
}
