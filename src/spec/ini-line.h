/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of a file in the syntax of unit files: with those that continue them, and where each
 * byte of that was in the file. Private to spec. libc only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What has not been read yet. */
typedef struct IniCursor {
        const char *at, *end;
        unsigned line; /* number of the line that begins at @at */
} IniCursor;

/* A line and what continues it, comments between the parts included. */
typedef struct IniLine {
        const char *start, *end; /* in the text; @end is behind the newline */
        unsigned line;
        bool is_comment; /* then nothing continues it */
} IniLine;

/** ini_cursor() - at the beginning of a text, behind a byte order mark
 * @text borrowed; may be NULL where @n is 0 */
IniCursor ini_cursor(const char *text, size_t n);
/** ini_next() - the next line; Return: false at the end. */
bool ini_next(IniCursor *c, IniLine *ret);
/** ini_join() - its parts as one string: each backslash that continues it is a blank
 * @buf holds end - start + 1 bytes; NUL-terminated */
void ini_join(const IniLine *l, char *buf);
/** ini_locate() - where a byte of ini_join()'s string is in the file
 * @ret_line,@ret_column from 1 */
void ini_locate(const IniLine *l, size_t at, unsigned *ret_line, unsigned *ret_column);
/** ini_strip() - without the blanks at both ends, in place */
char *ini_strip(char *s);
