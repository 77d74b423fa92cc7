/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting a machine with our streams, and being connected until it ends. */
#pragma once

#include "ctl/ctl.h"

/** run_attached() - start a machine that exists, wait for its end
 * @terminal    PID 1 has a terminal: let all keys through
 * @ret_started did it run? If not, this was reported
 * Return: PID 1's exit status; EXIT_OK where the user detached; else another one, reported. */
int run_attached(Ctl *c, const char *name, bool terminal, bool *ret_started);
