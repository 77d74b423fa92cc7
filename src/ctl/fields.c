/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/fields.h"

#include "base/text.h"
#include "ctl/report.h"
#include "ctl/time-text.h"
#include "spec/words.h"

void field_begin(const char *label)
{
        (void)printf(FIELD_LABEL, label);
}

void field_text(const json_t *object, const char *label, const char *key)
{
        const char *value = json_string_value(json_object_get(object, key));

        if (!value || !*value)
                return;
        field_begin(label);
        print_clean(stdout, value);
        (void)putchar('\n');
}

void field_time(const json_t *object, const char *label, const char *key)
{
        uint64_t usec = (uint64_t)json_integer_value(json_object_get(object, key));
        char stamp[TIME_TEXT_MAX], ago[TIME_TEXT_MAX];

        if (usec > 0)
                (void)printf(FIELD_LABEL "%s; %s\n", label, time_stamp(usec, stamp),
                             time_ago(usec, ago));
}

/* A command line as a shell would take it, or names. */
void field_words(const json_t *object, const char *label, const char *key)
{
        const json_t *array = json_object_get(object, key);
        _cleanup_strv_free_ char **words = NULL;
        json_t *word;
        size_t i;

        json_array_foreach(array, i, word)(void) strv_push(&words, json_string_value(word) ?: "?");
        _cleanup_free_ char *line = words ? words_join(words) : NULL;
        if (!line)
                return;
        field_begin(label);
        print_clean(stdout, line);
        (void)putchar('\n');
}

/* One a line, the label before the first. */
void field_lines(const json_t *object, const char *label, const char *key)
{
        const json_t *values = json_object_get(object, key);
        const char *name;
        json_t *value;
        size_t i;

        json_array_foreach(values, i, value)
        {
                if (i == 0)
                        field_begin(label);
                else
                        (void)printf(FIELD_INDENT);
                print_clean(stdout, json_string_value(value) ?: "?");
                (void)putchar('\n');
        }
        i = 0;
        json_object_foreach((json_t *)values, name, value)
        {
                if (i++ == 0)
                        field_begin(label);
                else
                        (void)printf(FIELD_INDENT);
                print_clean(stdout, name);
                (void)putchar('=');
                print_clean(stdout, json_string_value(value) ?: "?");
                (void)putchar('\n');
        }
}
