/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Variables for what runs inside. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>

/** environment_push() - add "NAME=VALUE", or "NAME" with the value it has here
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION; -ENOMEM. */
int environment_push(char ***variables, const char *word, Fault *reterr);

/** environment_of_caller() - what a program needs to know to speak to us
 * @terminal it is on our terminal
 * @ret      newly allocated vector of LANG and LC_*, and then of TERM and COLORTERM, as far as they
 *           are set, caller frees
 * Return: 0; -ENOMEM. */
int environment_of_caller(bool terminal, char ***ret);
