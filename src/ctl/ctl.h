/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One run of lodgectl: what was asked for and the connection to ask lodged with. */
#pragma once

#include "client/client.h"
#include "ctl/options.h"

#include <stdint.h>

/* What lodgectl exits with. Verbs that run a command inside pass on its status instead, and use the
 * last three for what went wrong before it ran. */
enum {
        EXIT_OK = 0,
        EXIT_FAILED = 1,
        EXIT_USAGE = 2,
        EXIT_NOT_FOUND = 3,
        EXIT_WRONG_STATE = 4,
        EXIT_NOT_AUTHORIZED = 5,
        EXIT_TIMED_OUT = 6,
        EXIT_UNREACHABLE = 7,
        EXIT_NOT_RUN = 125,
        EXIT_CANNOT_EXECUTE = 126,
        EXIT_COMMAND_NOT_FOUND = 127,
};

/* Structured output; all but JSON_OFF have the same contents. */
typedef enum JsonMode {
        JSON_OFF,
        JSON_SHORT,
        JSON_PRETTY,
        JSON_LINES, /* each element of a list is a line */
        JSON_YAML,
} JsonMode;

/* How lists are printed with JSON_OFF. */
typedef enum TableForm {
        TABLE_ALIGNED,
        TABLE_COMPACT, /* one space between columns */
        TABLE_CSV,     /* raw values, quoted as in RFC 4180 */
} TableForm;

/* How lines of logs are printed with JSON_OFF. */
typedef enum LogForm {
        LOG_CAT,   /* nothing but the line */
        LOG_SHORT, /* time and machine before it */
        LOG_SHORT_ISO,
        LOG_SHORT_PRECISE,
        _LOG_FORM_MAX,
} LogForm;

typedef struct Ctl Ctl;

#define VERB_SHARED_MAX  3
#define VERB_OPTIONS_MAX (VERB_SHARED_MAX + 4) /* tables of one verb, the final NULL included */

typedef struct Verb {
        const char *name;     /* "list"; "image ls" in the group "image" */
        const char *aliases;  /* other names, separated by ", "; NULL: none */
        const char *synopsis; /* its words: "NAME..." */
        const char *summary;
        const char *action;                    /* "start", for "cannot start 'web'" */
        const Option *options;                 /* its own; NULL: none */
        const Option *shared[VERB_SHARED_MAX]; /* those it has in common with others */
        const Option *(*settings)(void);       /* and those of a vocabulary; NULL: none */
        bool passes_status;                    /* exits with the status of a command inside */
        bool without_bus;                      /* works without lodged */
        bool prints_table;                     /* knows every TableForm */
        bool prints_log;                       /* knows every LogForm */
        size_t min_words, max_words;           /* SIZE_MAX: any number */
        size_t words_before_command; /* as in OptionTables; 0: options may stand anywhere */
        bool (*command_is_next)(const Args *so_far); /* as in OptionTables */
        int (*run)(Ctl *c);                          /* returns the exit status */
} Verb;

/* Verbs that the general help shows together. */
typedef struct VerbSection {
        const char *heading;
        const Verb *verbs; /* ended by a NULL name */
} VerbSection;

struct Ctl {
        const Verb *verb;
        char *called; /* the verb as it was written, which may be an alias */
        Args args;    /* words behind the verb, and options */
        char **argv;
        Client client;
        JsonMode json;
        TableForm form;
        LogForm log_form;
        bool no_legend, quiet, no_pager, no_ask_password;
};

/** verb_sections() - all verbs, ended by a NULL heading */
const VerbSection *verb_sections(void);

/** verb_at() - the verb number @i of all; NULL behind the last */
const Verb *verb_at(size_t i);

/** verb_find() - a verb by its name or an alias, which may be of two words; NULL if there is none
 */
const Verb *verb_find(const char *name);

/** verb_groups() - the first words of verbs of two words, ended by NULL */
const char *const *verb_groups(void);

/** verb_is_group() - is it one of those? */
bool verb_is_group(const char *word);

/** verb_nearest() - the verb or group of verbs that may have been meant
 * @name may be of two words: then it is a verb of that group
 * Return: NULL if nothing is near. */
const char *verb_nearest(const char *name);

/** verb_name_in_group() - what a verb is called in a group, by its name or an alias
 * Return: newly allocated, caller frees; NULL where it has no name there, or on OOM. */
char *verb_name_in_group(const Verb *verb, const char *group);

/** settings_options() - the options that the vocabulary of definitions gives to create and run
 * Return: table ended by a NULL name, static; NULL on OOM. */
const Option *settings_options(void);

/** network_options() - likewise, to network create */
const Option *network_options(void);

/** global_options() - the options of every verb, ended by a NULL name */
const Option *global_options(void);

/** verb_option_tables() - what options a verb takes: its own, those it shares, those of settings,
 * the global ones
 * @verb   NULL: the global ones alone
 * @tables room for them and a final NULL
 * Return: 0; -ENOMEM. */
int verb_option_tables(const Verb *verb, const Option *tables[static VERB_OPTIONS_MAX]);
