/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The syntax of unit files, for every file of lodge's own: sections, '#' and ';' comments, lines
 * continued by '\'. Not GKeyFile: it keeps no line numbers, and of a list given twice only the
 * second. libc only. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct IniReader {
        /* Is there a section of this name? Those that begin with "X-" are for others by custom,
         * and skipped without asking. */
        bool (*knows_section)(void *userdata, const char *section);
        /* One KEY=VALUE, both without blanks around them. Return: 0; -EINVAL with a sentence, to
         * which the place in the file is added; -ENOMEM. */
        int (*assign)(void *userdata, const char *section, const char *key, const char *value,
                      Fault *reterr);
        size_t size_max; /* of the text: whole MiB */
} IniReader;

/** ini_parse() - read a text line by line, up to the first thing that is wrong
 * @name  what to call the file in messages
 * @text  anything: NUL bytes, binary; borrowed
 * @n     bytes
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION "NAME:LINE: ..."; -ENOMEM; what was read before a
 * failure has been assigned. */
int ini_parse(const char *name, const char *text, size_t n, const IniReader *reader, void *userdata,
              Fault *reterr);

/* A place in the file. */
typedef struct IniSpot IniSpot;

/** ini_spot() - line and column, from 1, of what is called about
 * @at bytes further on: in a value, of its text */
void ini_spot(const IniSpot *spot, size_t at, unsigned *ret_line, unsigned *ret_column);

/* Each returns 0 to go on, or the negative errno that ini_visit() is to return. */
typedef struct IniVisitor {
        /* @spot of its name. Returns 1 too: it is to be skipped */
        int (*section)(void *userdata, const char *section, const IniSpot *spot);
        /* @key,@value spots of both */
        int (*assign)(void *userdata, const char *section, const char *name, const char *value,
                      const IniSpot *key, const IniSpot *content);
        /* What is neither; the line is skipped. Of a whole that is no text nothing else is called.
         */
        int (*malformed)(void *userdata, const char *message, const IniSpot *spot);
        size_t size_max; /* of the text: whole MiB */
} IniVisitor;

/** ini_visit() - read a text to its end
 * Sections that begin with "X-" are skipped.
 * @text,@n as for ini_parse()
 * Return: 0; -ENOMEM; what a function of @visitor has returned. */
int ini_visit(const char *text, size_t n, const IniVisitor *visitor, void *userdata);
