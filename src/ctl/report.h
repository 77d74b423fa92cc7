/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes to standard error: one sentence a failure, a hint where a command helps, and the exit
 * status that belongs to it. */
#pragma once

#include "ctl/ctl.h"

/** clean_text() - foreign text as text_for_display() makes it, and as the terminal can show it
 * Return: newly allocated, caller frees; NULL on OOM. */
char *clean_text(const char *s, size_t max);

/** print_clean() - write foreign text with its control characters replaced */
void print_clean(FILE *f, const char *s);

/** report_error() - "lodgectl: SENTENCE", cleaned */
void report_error(const char *format, ...) _printf_(1, 2);

/** report_note() - the same for what is no failure; not with --quiet */
void report_note(const Ctl *c, const char *format, ...) _printf_(2, 3);

/** report_hint() - "hint: COMMAND"; the command must work as it is printed */
void report_hint(const char *format, ...) _printf_(1, 2);

/** report_usage() - a command line that makes no sense
 * Return: EXIT_USAGE, or EXIT_NOT_RUN for verbs that pass on a command's status. */
int report_usage(const Verb *verb, const char *format, ...) _printf_(2, 3);

/** report_fault() - "lodgectl: cannot ACTION 'OBJECT': SENTENCE", and a hint
 * @object machine or image that it is about; NULL: none
 * Return: the exit status that belongs to @f. */
int report_fault(Ctl *c, const char *object, const Fault *f);

/** report_job_fault() - the same for a job that failed, at which others may have a say: a registry
 */
int report_job_fault(Ctl *c, const char *object, const Fault *f);

/** exit_status_of() - the exit status that belongs to a failure of this verb */
int exit_status_of(const Verb *verb, const Fault *f);
