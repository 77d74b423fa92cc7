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

/** ini_parse() - read a text line by line
 * @name  what to call the file in messages
 * @text  anything: NUL bytes, binary; borrowed
 * @n     bytes
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION "NAME:LINE: ..."; -ENOMEM; what was read before a
 * failure has been assigned. */
int ini_parse(const char *name, const char *text, size_t n, const IniReader *reader, void *userdata,
              Fault *reterr);
