/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of words in one line, quoted as systemd's unit files have it. libc only. */
#pragma once

#include <stddef.h>

/** words_split() - take a line apart
 * Words are separated by blanks; '...' and "..." keep blanks, anywhere in a word; the escapes are
 * \a \b \f \n \r \t \v \\ \" \' \s (space) \xHH \OOO \uHHHH \UHHHHHHHH, inside quotes or not.
 * @max  most words
 * @ret  newly allocated, caller frees; empty, not NULL, for a blank line
 * Return: 0; -EINVAL an open quote, an unknown escape, or one that makes a NUL; -E2BIG; -ENOMEM. */
int words_split(const char *line, size_t max, char ***ret);

/** words_offset() - where a word begins in a line that words_split() takes
 * @i of the words, from 0; there is one */
size_t words_offset(const char *line, size_t i);

/** words_join() - the line that words_split() takes apart into @words again
 * Return: newly allocated, caller frees; NULL on OOM. */
char *words_join(char *const *words);
