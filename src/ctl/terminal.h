/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The caller's terminal. It is never handed to lodged or to a guest, which could type into it
 * (TIOCSTI): bytes are copied. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** terminal_is_both() - are standard input and standard output terminals? */
bool terminal_is_both(void);

/** terminal_takes_utf8() - may more than ASCII be printed?
 * Always where no output is a terminal: what reads it is not for us to guess. Where it is one, the
 * locale tells; without any it is taken for UTF-8, as systemd does. */
bool terminal_takes_utf8(void);

/** terminal_make_raw() - let every key through to the guest
 * Remembers the mode that standard input had at the first call. Return: 0; negative errno. */
int terminal_make_raw(void);

/** terminal_take_keys() - get each key as it is pressed, unseen; signals and output stay as they
 * are As terminal_make_raw(). */
int terminal_take_keys(void);

/** terminal_restore() - the mode before these two; nothing if they were not called */
void terminal_restore(void);

/** terminal_size() - rows and columns of the terminal at standard output, or input
 * Return: 0; negative errno where there is none, outputs unset. */
int terminal_size(uint16_t *ret_rows, uint16_t *ret_columns);
