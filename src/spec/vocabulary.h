/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words and what they stand for in a struct: what settings.h and network-settings.h have in common.
 * A value is read from a file, from the bus and from the command line in the same way. libc only.
 */
#pragma once

#include "base/fault.h"
#include "spec/finding.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a definition file's text. */
#define SETTINGS_FILE_MAX (8U << 20)

typedef enum SettingKind {
        SETTING_STRING,
        SETTING_STRV,
        SETTING_BOOL,
        SETTING_USEC,  /* "90s" or µs as a number */
        SETTING_OTHER, /* has a syntax of its own, given as a string: signal, enum, capability set,
                          id */
} SettingKind;

/* One word of the vocabulary. */
typedef struct SettingKey {
        const char *section; /* in the definition file: Machine, Exec, Files, Network, Security */
        const char *name;    /* "StopTimeoutSec"; the command line derives "--stop-timeout-sec" */
        SettingKind kind;
        bool internal;    /* kept by lodged (Owner, Created): not taken from callers */
        const char *help; /* one line for --help and the man page */
        const struct SettingType
                *type; /* how it is read, checked and written: spec/setting-type.h */
        size_t offset; /* in the struct */
} SettingKey;

/* All the words of one kind of object. */
typedef struct Vocabulary {
        const SettingKey *keys; /* ended by a NULL name */
        const void *defaults;   /* such a struct: lists and strings are NULL in it */
        size_t size;            /* of the struct */
} Vocabulary;

typedef struct SettingValue {
        SettingKind kind; /* SETTING_STRING goes for every key: parsed as in the file */
        const char *string;
        char *const *strv;
        bool boolean;
        uint64_t usec;
} SettingValue;

/* What these do is told where they have a type: settings.h. @s is a struct of @v's kind. */

/** vocabulary_find() - look a word up by its exact name; NULL if there is none */
const SettingKey *vocabulary_find(const Vocabulary *v, const char *name);
/** vocabulary_nearest() - the nearest known name to a mistyped one, or NULL */
const char *vocabulary_nearest(const Vocabulary *v, const char *name);
/** vocabulary_init() - see settings_init() */
void vocabulary_init(const Vocabulary *v, void *s);
/** vocabulary_done() - see settings_done() */
void vocabulary_done(const Vocabulary *v, void *s);
/** vocabulary_set() - see settings_set() */
int vocabulary_set(const Vocabulary *v, void *s, const char *name, const SettingValue *value,
                   Fault *reterr);
/** vocabulary_get() - see settings_get() */
int vocabulary_get(const Vocabulary *v, const void *s, const SettingKey *key, char ***ret);
/** vocabulary_copy() - see settings_copy(); on failure @ret holds nothing */
int vocabulary_copy(const Vocabulary *v, const void *s, void *ret);
/** vocabulary_copy_key() - see settings_copy_key() */
int vocabulary_copy_key(const Vocabulary *v, void *s, const void *from, const SettingKey *key);
/** vocabulary_equal_key() - see settings_equal_key() */
bool vocabulary_equal_key(const void *a, const void *b, const SettingKey *key);
/** vocabulary_parse() - see settings_parse(); on failure @ret holds nothing */
int vocabulary_parse(const Vocabulary *v, const char *name, const char *text, size_t n, void *ret,
                     Fault *reterr);
/** vocabulary_format() - see settings_format() */
char *vocabulary_format(const Vocabulary *v, const void *s);

/* One of several files that make up one struct. */
typedef struct VocabularyFile {
        const char *path; /* for what is found */
        const char *text;
        size_t n_text;              /* bytes; anything */
        const char *const *refused; /* names of keys that have no business in it; may be NULL */
        const char *refused_why;
} VocabularyFile;

/* Called for each value that was taken. Return: 0; -ENOMEM. */
typedef int (*VocabularySeenFn)(void *userdata, const SettingKey *key, const char *value,
                                unsigned line, unsigned column);

/** vocabulary_read() - add a file to what others have said
 * Lists append, an empty value resets. What is wrong is found and left out, and the rest is read.
 * @s    a struct that has its values already
 * @seen may be NULL
 * Return: 0, also with errors in @findings; -ENOMEM. */
int vocabulary_read(const Vocabulary *v, const VocabularyFile *file, void *s, VocabularySeenFn seen,
                    void *userdata, Findings *findings);
