/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definitions as text: read here, checked here, and asked of lodged or given to it. */
#pragma once

#include "ctl/json.h"
#include "spec/finding.h"
#include "spec/settings.h"

/** definition_load() - read a file that the caller can read
 * @max bytes
 * Reports failures. Return: EXIT_OK, or the exit status. */
int definition_load(const Ctl *c, const char *path, char **ret, size_t *ret_n);

/** definition_name() - the machine that a file NAME.machine defines
 * Return: newly allocated, caller frees; NULL where the path has another ending, or on OOM. */
char *definition_name(const char *path);

/** definition_check() - what a file says, with the profiles and drop-ins of this host
 * A profile is checked on its own.
 * @path in messages; its ending tells what it is
 * @ret  the settings, without what is wrong; NULL: not wanted; settings_done() frees it
 * Return: 0, also with errors; -ENOMEM. */
int definition_check(const char *path, const char *text, size_t n, Settings *ret,
                     Findings *findings);

/** definition_print_findings() - "PATH:LINE:COLUMN: error: ..." and hints, one a line
 * @f where to */
void definition_print_findings(FILE *f, const Findings *findings);

/** definition_get() - ask lodged for a machine's definition
 * @ret_files array of {Path, Text}: all that counts, in that order; NULL: not wanted
 * Return: 0; negative errno with a Fault. */
int definition_get(const Ctl *c, const char *name, char **ret_text, json_t **ret_files,
                   Fault *reterr);

/** definition_put() - give lodged the text of a definition, new or in the place of another
 * @dry_run     only let it be checked
 * @ret_waiting names of the settings that count at its next start; caller frees
 * Return: 0; negative errno with a Fault. */
int definition_put(const Ctl *c, const char *name, const char *text, bool dry_run,
                   char ***ret_waiting, Fault *reterr);
/** definition_note_waiting() - say which settings count at the next start, if there are any */
void definition_note_waiting(const Ctl *c, const char *name, char *const *waiting);
