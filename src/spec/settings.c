/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/settings.h"

#include "base/text.h"
#include "spec/setting-type.h"
#include "spec/words.h"

#include <inttypes.h>
#include <string.h>

#define SHOWN_MAX 120 /* bytes of a wrong value that a message repeats */

static const Settings defaults = {
        .boot = -1,
        .stop_timeout_usec = 90 * UINT64_C(1000000),
        .notify_ready = -1,
        .writable_layer = WRITABLE_LAYER_STOP,
        .private_network = true,
};

static void *field_of(Settings *s, const SettingKey *key)
{
        return (char *)s + key->offset;
}

static const void *field_of_const(const Settings *s, const SettingKey *key)
{
        return (const char *)s + key->offset;
}

void settings_init(Settings *s)
{
        *s = defaults;
}

void settings_done(Settings *s)
{
        for (const SettingKey *key = setting_keys(); key->name; key++)
                setting_reset(s, key);
}

void setting_reset(Settings *s, const SettingKey *key)
{
        void *field = field_of(s, key);

        if (key->type->is_list)
                *(char ***)field = strv_free(*(char ***)field);
        else if (key->type->check) {
                free(*(char **)field);
                *(char **)field = NULL;
        } else
                memcpy(field, field_of_const(&defaults, key), key->type->size);
}

static int refuse(const SettingKey *key, const char *value, const char *why, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(value, SHOWN_MAX);

        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s='%s' is not valid: %s",
                         key->name, shown ?: "", why ?: key->type->allowed);
}

int setting_unknown(const char *name, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(name, SHOWN_MAX);
        const char *nearest = setting_key_nearest(name);

        if (nearest)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "there is no setting '%s'; did you mean %s?", shown ?: "",
                                 nearest);
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                         "there is no setting '%s'; lodgectl(1) lists those there are",
                         shown ?: "");
}

static int assign_string(Settings *s, const SettingKey *key, const char *text, Fault *reterr)
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

static int assign_value(Settings *s, const SettingKey *key, const char *text, bool append,
                        Fault *reterr)
{
        /* unchanged on failure, so parsed beside the field */
        union {
                uint64_t align;
                uint8_t bytes[SETTING_VALUE_SIZE_MAX];
        } value;
        void *field = field_of(s, key);

        memcpy(&value, append ? field : field_of_const(&defaults, key), key->type->size);
        int r = key->type->parse(text, &value);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return refuse(key, text, NULL, reterr);
        memcpy(field, &value, key->type->size);
        return 0;
}

int setting_assign_words(Settings *s, const SettingKey *key, char *const *words, bool append,
                         Fault *reterr)
{
        char ***field = field_of(s, key);
        _cleanup_strv_free_ char **list = append && *field ? strv_copy(*field) : NULL;
        size_t n = 0, size = 0;

        if (append && *field && !list)
                return -ENOMEM;
        STRV_FOREACH (word, list) {
                n++;
                size += strlen(*word) + 1;
        }
        STRV_FOREACH (word, words) {
                const char *why = NULL;

                if (!key->type->check(*word, &why))
                        return refuse(key, *word, why, reterr);
                size += strlen(*word) + 1;
                if (++n > SETTING_WORDS_MAX || size > SETTING_WORDS_SIZE_MAX)
                        return refuse(key, *word, "a list may have at most 1024 words and 1 MiB",
                                      reterr);
                int r = strv_push(&list, *word);
                if (r < 0)
                        return r;
        }
        strv_free(*field);
        *field = TAKE_PTR(list);
        return 0;
}

int setting_assign(Settings *s, const SettingKey *key, const char *text, bool append, Fault *reterr)
{
        _cleanup_strv_free_ char **words = NULL;

        if (!key->type->check)
                return assign_value(s, key, text, append, reterr);
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

static int copy_field(const SettingKey *key, const Settings *from, Settings *to)
{
        const void *source = field_of_const(from, key);
        void *target = field_of(to, key);

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

int settings_copy(const Settings *s, Settings *ret)
{
        _cleanup_settings_ Settings copy;

        settings_init(&copy);
        for (const SettingKey *key = setting_keys(); key->name; key++) {
                int r = copy_field(key, s, &copy);
                if (r < 0)
                        return r;
        }
        *ret = copy;
        copy = (Settings){0};
        return 0;
}

int settings_set(Settings *s, const char *name, const SettingValue *value, Fault *reterr)
{
        const SettingKey *key = setting_key_find(name);
        char number[32];

        if (!key)
                return setting_unknown(name, reterr);
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
                return setting_assign(s, key, value->boolean ? "yes" : "no", false, reterr);
        case SETTING_USEC:
                (void)snprintf(number, sizeof(number), "%" PRIu64 "us", value->usec);
                return setting_assign(s, key, value->usec == UINT64_MAX ? "infinity" : number,
                                      false, reterr);
        case SETTING_STRING:
        case SETTING_OTHER: break;
        }
        if (!*value->string) {
                setting_reset(s, key);
                return 0;
        }
        return setting_assign(s, key, value->string, false, reterr);
}

static int get_words(const Settings *s, const SettingKey *key, char ***ret)
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

int settings_get(const Settings *s, const SettingKey *key, char ***ret)
{
        _cleanup_strv_free_ char **words = NULL, **standard = NULL;
        int r = get_words(s, key, &words);

        if (r >= 0)
                r = get_words(&defaults, key, &standard);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(words);
        return !strv_equal(*ret, standard);
}
