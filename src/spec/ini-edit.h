/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of a file in the syntax of unit files that leave everything else in it as somebody wrote
 * it: comments, order, what is not known. libc only. */
#pragma once

#include <stdbool.h>

/** ini_edit() - give a key other values
 * They take the place of the first one that there is, else come last in the section, which is made
 * if there is none.
 * @text    anything, NUL-terminated
 * @values  one a line; empty: the key is taken out
 * Return: the new text, caller frees; NULL on OOM. */
char *ini_edit(const char *text, const char *section, const char *key, char *const *values);

/** ini_is_empty() - does it say nothing: no line but comments and sections? */
bool ini_is_empty(const char *text);
