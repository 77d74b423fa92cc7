/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line's grammar: options described by tables, parsed into a list that verbs ask by
 * name. Knows no verb. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>

typedef enum OptionKind {
        OPTION_FLAG,     /* --force */
        OPTION_VALUE,    /* --name=NAME, --name NAME, -n NAME */
        OPTION_BOOL,     /* --boot, --boot=no */
        OPTION_OPTIONAL, /* --json, --json=short, -j: a value only behind '=' */
} OptionKind;

typedef struct Option {
        const char *name; /* without the dashes */
        char letter;      /* 0: none */
        OptionKind kind;
        const char *value_name; /* for the help text: "NAME" */
        const char *help;
        const char *setting; /* the key of the vocabulary that it sets; NULL: none */
} Option;

/* An option that was given. */
typedef struct Given {
        const Option *option;
        const char *value; /* NULL for OPTION_FLAG, and where OPTION_OPTIONAL has none */
} Given;

typedef struct Args {
        Given *given;
        size_t n_given;
        char **words; /* NULL-terminated; the strings are the caller's argv's */
        size_t n_words;
} Args;

/** args_done() - free the lists; the strings in them are not owned */
void args_done(Args *a);
#define _cleanup_args_ _cleanup_(args_done)

typedef struct OptionTables {
        const Option *const *tables; /* each ended by a NULL name; the list ends with NULL */
        size_t words_before_command; /* options end after so many words; SIZE_MAX: never */
        bool (*command_is_next)(const Args *so_far); /* the same by other means; may be NULL */
} OptionTables;

/** args_parse() - sort a command line into options and words
 * @argv NULL-terminated, borrowed as long as @ret is used
 * "--" ends the options. Return: 0; -EINVAL with FAULT_INVALID_OPTION; -ENOMEM. */
int args_parse(char **argv, const OptionTables *known, Args *ret, Fault *reterr);

/** args_value() - the value that was given last to the option @name, or NULL */
const char *args_value(const Args *a, const char *name);

/** args_flag() - was an option given that needs no value?
 * Return: 1 yes, 0 as a boolean that says no, -1 not given. */
int args_flag(const Args *a, const char *name);

/** args_has() - was the flag given? */
static inline bool args_has(const Args *a, const char *name)
{
        return args_flag(a, name) > 0;
}

/** option_find() - an option by its name, or by its letter where @name is NULL; NULL if unknown */
const Option *option_find(const Option *const *tables, const char *name, size_t n, char letter);
