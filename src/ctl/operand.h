/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `cp` copies from and to: "NAME:PATH" in a machine, a path of the caller's, or "-". */
#pragma once

#include <stdbool.h>

typedef struct Operand {
        char *machine; /* NULL: the caller's own */
        char *path;    /* in a machine absolute */
        bool is_stream;
} Operand;

/** operand_parse() - a word of the command line
 * A name ends at the first ':' and has no '/', so that "./a:b" is a file of the caller's.
 * Return: 0; -ENOMEM. */
int operand_parse(const char *word, Operand *ret);
/** operand_in_machine() - one whose machine is known
 * Return: 0; -ENOMEM. */
int operand_in_machine(const char *machine, const char *path, Operand *ret);
/** operand_done() - free it */
void operand_done(Operand *o);
#define _cleanup_operand_ _cleanup_(operand_done)
