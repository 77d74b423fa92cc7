/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last lines that PID 1 printed. */
#pragma once

#include "ctl/ctl.h"

/** output_lines_get() - ask lodged for the last lines of a machine's output
 * @ret newly allocated vector of at most @max lines, the last ones; caller frees; uncleaned
 * Return: 0; negative errno with a Fault. */
int output_lines_get(const Ctl *c, const char *name, size_t max, char ***ret, Fault *reterr);

/** output_lines_max() - the value of --lines
 * @standard what it is if not given
 * Return: 0; an exit status where the value is no number, reported. */
int output_lines_max(const Ctl *c, size_t standard, size_t *ret);
