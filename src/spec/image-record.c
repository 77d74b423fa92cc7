/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/image-record.h"

#include "base/text.h"
#include "spec/ini.h"
#include "spec/reference.h"
#include "spec/words.h"

#include <inttypes.h>
#include <string.h>

#define RETRIES_MAX 1000000

typedef enum FieldKind {
        FIELD_NAME,
        FIELD_DIGEST,
        FIELD_TEXT,
        FIELD_DIGESTS, /* one a line */
        FIELD_WORDS,   /* all in one line */
        FIELD_LINES,   /* one a line */
        FIELD_NUMBER,
        FIELD_SPAN,
        FIELD_RETRIES,
        FIELD_SIGNAL,
        FIELD_BOOL,
} FieldKind;

typedef struct Field {
        const char *section, *name;
        FieldKind kind;
        size_t offset;
} Field;

#define FIELD(section_, name_, kind_, field_)                                                      \
        {                                                                                          \
                section_, name_, FIELD_##kind_, offsetof(ImageRecord, field_)                      \
        }

static const Field fields[] = {
        FIELD("Image", "Name", NAME, name),
        FIELD("Image", "Digest", DIGEST, digest),
        FIELD("Image", "Config", DIGEST, config_digest),
        FIELD("Image", "Layer", DIGESTS, layers),
        FIELD("Image", "Source", TEXT, source),
        FIELD("Image", "Added", NUMBER, added_usec),
        FIELD("Image", "Created", NUMBER, created_usec),
        FIELD("Image", "Architecture", TEXT, architecture),
        FIELD("Image", "Variant", TEXT, variant),
        FIELD("Image", "OS", TEXT, os),
        FIELD("Image", "Size", NUMBER, size_bytes),
        FIELD("Image", "ReadOnly", BOOL, read_only),
        FIELD("Config", "Entrypoint", WORDS, entrypoint),
        FIELD("Config", "Command", WORDS, command),
        FIELD("Config", "Environment", LINES, environment),
        FIELD("Config", "Volume", LINES, volumes),
        FIELD("Config", "ExposedPort", LINES, exposed_ports),
        FIELD("Config", "Label", LINES, labels),
        FIELD("Config", "User", TEXT, user),
        FIELD("Config", "WorkingDirectory", TEXT, working_directory),
        FIELD("Config", "StopSignal", SIGNAL, stop_signal),
        FIELD("Config", "Healthcheck", WORDS, healthcheck),
        FIELD("Config", "HealthcheckIntervalSec", SPAN, health_interval_usec),
        FIELD("Config", "HealthcheckTimeoutSec", SPAN, health_timeout_usec),
        FIELD("Config", "HealthcheckStartPeriodSec", SPAN, health_start_usec),
        FIELD("Config", "HealthcheckRetries", RETRIES, health_retries),
};

static bool is_list(const Field *field)
{
        return field->kind == FIELD_DIGESTS || field->kind == FIELD_WORDS ||
               field->kind == FIELD_LINES;
}

static bool is_text(const Field *field)
{
        return field->kind <= FIELD_TEXT;
}

void image_record_done(ImageRecord *r)
{
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                void *at = (char *)r + fields[i].offset;

                if (is_list(&fields[i]))
                        strv_free(*(char ***)at);
                else if (is_text(&fields[i]))
                        free(*(char **)at);
        }
        *r = (ImageRecord){0};
}

/* ---- reading ---- */

typedef struct Reading {
        ImageRecord record;
        bool seen[ELEMENTSOF(fields)];
} Reading;

static void reading_done(Reading *reading)
{
        image_record_done(&reading->record);
}

static bool knows_section(void *userdata, const char *section)
{
        return streq(section, "Image") || streq(section, "Config");
}

static int refuse(const Field *field, const char *why, Fault *reterr)
{
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s= %s", field->name, why);
}

static int assign_list(const Field *field, char ***list, char **words, Fault *reterr)
{
        size_t max = field->kind == FIELD_DIGESTS ? IMAGE_LAYERS_MAX : IMAGE_RECORD_WORDS;
        size_t n = strv_length(*list);

        STRV_FOREACH (word, words) {
                if (field->kind == FIELD_DIGESTS && !digest_is_valid(*word))
                        return refuse(field, "is no sha256 digest", reterr);
                if (!utf8_is_well_formed(*word))
                        return refuse(field, "is not UTF-8", reterr);
                if (++n > max)
                        return refuse(field, "has too many values", reterr);
                int r = strv_push(list, *word);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int assign_text(const Field *field, char **text, const char *word, Fault *reterr)
{
        if (field->kind == FIELD_NAME && !image_name_is_canonical(word))
                return refuse(field, "is no image's name in its canonical form", reterr);
        if (field->kind == FIELD_DIGEST && !digest_is_valid(word))
                return refuse(field, "is no sha256 digest", reterr);
        if (!utf8_is_well_formed(word))
                return refuse(field, "is not UTF-8", reterr);
        *text = strdup(word);
        return *text ? 0 : -ENOMEM;
}

static int assign_number(const Field *field, void *at, const char *word, Fault *reterr)
{
        uint64_t v;
        int r;

        switch (field->kind) {
        case FIELD_NUMBER: r = parse_u64(word, UINT64_MAX, at); break;
        case FIELD_SPAN: r = parse_usec(word, at); break;
        case FIELD_RETRIES:
                r = parse_u64(word, RETRIES_MAX, &v);
                if (r >= 0)
                        *(unsigned *)at = (unsigned)v;
                break;
        case FIELD_SIGNAL:
                r = parse_signal(word);
                if (r >= 0)
                        *(int *)at = r;
                break;
        default:
                r = parse_bool(word);
                if (r >= 0)
                        *(bool *)at = r;
        }
        return r >= 0 || r == -ENOMEM ? MIN2(r, 0) : refuse(field, "is not valid", reterr);
}

static int assign_field(Reading *reading, const Field *field, char **words, Fault *reterr)
{
        void *at = (char *)&reading->record + field->offset;
        bool *seen = &reading->seen[field - fields];

        if (is_list(field))
                return assign_list(field, at, words, reterr);
        if (*seen)
                return refuse(field, "is given twice", reterr);
        *seen = true;
        if (strv_length(words) != 1)
                return refuse(field, "takes one word", reterr);
        return is_text(field) ? assign_text(field, at, words[0], reterr)
                              : assign_number(field, at, words[0], reterr);
}

static int assign(void *userdata, const char *section, const char *key, const char *value,
                  Fault *reterr)
{
        _cleanup_strv_free_ char **words = NULL;

        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                if (!streq(fields[i].section, section) || !streq(fields[i].name, key))
                        continue;
                int r = words_split(value, IMAGE_RECORD_WORDS, &words);
                if (r == -ENOMEM)
                        return r;
                return r < 0 ? refuse(&fields[i], "is not quoted as it should be", reterr)
                             : assign_field(userdata, &fields[i], words, reterr);
        }

        _cleanup_free_ char *shown = text_for_display(key, 80);
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "there is no key '%s' in [%s]",
                         shown ?: "", section);
}

int image_record_parse(const char *name, const char *text, size_t n, ImageRecord *ret,
                       Fault *reterr)
{
        static const IniReader reader = {
                .knows_section = knows_section,
                .assign = assign,
                .size_max = IMAGE_RECORD_MAX,
        };
        __attribute__((cleanup(reading_done))) Reading reading = {0};
        int r = ini_parse(name, text, n, &reader, &reading, reterr);

        if (r < 0)
                return r;
        if (!reading.record.name || !reading.record.layers)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "%s:1: there is no %s=", name,
                                 reading.record.name ? "Layer" : "Name");
        *ret = reading.record;
        reading.record = (ImageRecord){0};
        return 0;
}

/* ---- writing ---- */

static int put_words(FILE *f, const Field *field, char *const *words)
{
        _cleanup_free_ char *line = words_join(words);

        if (!line)
                return -ENOMEM;
        (void)fprintf(f, "%s=%s\n", field->name, line);
        return 0;
}

static int put_word(FILE *f, const Field *field, const char *word)
{
        return put_words(f, field, (char *const[]){(char *)word, NULL});
}

static int put_lines(FILE *f, const Field *field, char *const *lines)
{
        int r = 0;

        for (; lines && *lines && r >= 0; lines++)
                r = put_word(f, field, *lines);
        return r;
}

static int put_field(FILE *f, const ImageRecord *record, const Field *field)
{
        const void *at = (const char *)record + field->offset;
        char number[32] = "";

        switch (field->kind) {
        case FIELD_NAME:
        case FIELD_DIGEST:
        case FIELD_TEXT: {
                const char *text = *(char *const *)at;
                return text ? put_word(f, field, text) : 0;
        }
        case FIELD_WORDS: {
                char *const *words = *(char *const *const *)at;
                return strv_length(words) > 0 ? put_words(f, field, words) : 0;
        }
        case FIELD_DIGESTS:
        case FIELD_LINES: return put_lines(f, field, *(char *const *const *)at);
        case FIELD_NUMBER:
        case FIELD_SPAN:
                if (*(const uint64_t *)at == UINT64_MAX && field->kind == FIELD_SPAN)
                        (void)snprintf(number, sizeof(number), "infinity");
                else if (*(const uint64_t *)at > 0)
                        (void)snprintf(number, sizeof(number), "%" PRIu64 "%s",
                                       *(const uint64_t *)at,
                                       field->kind == FIELD_SPAN ? "us" : "");
                break;
        case FIELD_RETRIES:
                if (*(const unsigned *)at > 0)
                        (void)snprintf(number, sizeof(number), "%u", *(const unsigned *)at);
                break;
        case FIELD_SIGNAL:
                if (*(const int *)at > 0)
                        return put_word(f, field, signal_name(*(const int *)at, number));
                break;
        case FIELD_BOOL: (void)snprintf(number, sizeof(number), *(const bool *)at ? "yes" : "");
        }
        return *number ? put_word(f, field, number) : 0;
}

static int put_record(FILE *f, const ImageRecord *record)
{
        const char *section = NULL;
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(fields) && r >= 0; i++) {
                if (!streq(section, fields[i].section))
                        (void)fprintf(f, "%s[%s]\n", section ? "\n" : "", fields[i].section);
                section = fields[i].section;
                r = put_field(f, record, &fields[i]);
        }
        return r;
}

int image_record_format(const ImageRecord *record, char **ret, Fault *reterr)
{
        _cleanup_image_record_ ImageRecord again = {0};
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return -ENOMEM;
        int r = put_record(f, record);
        if (fclose(f) != 0)
                r = -ENOMEM;
        if (r >= 0) /* whoever writes it is told what its reader would find */
                r = image_record_parse(record->name ?: "image", text, n, &again, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(text);
        return 0;
}
