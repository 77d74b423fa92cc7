/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking the user before something is lost. */
#pragma once

#include "ctl/ctl.h"

/** ask_yes() - print a question and wait for an answer
 * Only where standard input and error are terminals and --force is not given: who cannot be asked
 * has said what they want.
 * Return: was it yes, or not asked? */
bool ask_yes(const Ctl *c, const char *question);
