/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of logs on standard output. */
#pragma once

#include "ctl/journal-read.h"
#include "ctl/json.h"

/** log_form_parse() - a word for --output; Return: 0; -EINVAL. */
int log_form_parse(const char *word, LogForm *ret);

/** log_range() - the values of --since, --until and --lines
 * @standard how many lines if not given
 * Return: EXIT_OK; EXIT_USAGE, reported. */
int log_range(const Ctl *c, size_t standard, JournalRange *ret);

/** log_begin() - collect what is printed as JSON into one value, unless it goes on for ever
 * @is_endless each entry is a line of its own
 * @ret        borrowed by log_print(); NULL: none is needed; new reference */
void log_begin(const Ctl *c, bool is_endless, json_t **ret);

/** log_print() - one entry of output
 * @all  of log_begin()
 * @name print whose it is, also with LOG_CAT */
void log_print(const Ctl *c, const JournalEntry *e, bool name, json_t *all);

/** log_print_time() - "Nov 26 02:17:13" as the form has it; nothing with LOG_CAT, or without time
 */
void log_print_time(LogForm form, uint64_t usec);

/** log_json_string() - set a member of an object; bytes that are no text are replaced */
void log_json_string(json_t *object, const char *key, const char *value);

/** log_json_end() - print an object now, or with the others; @object is consumed */
void log_json_end(json_t *object, json_t *all);
