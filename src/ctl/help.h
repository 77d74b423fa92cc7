/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Help made from the tables of verbs and options. */
#pragma once

#include "ctl/ctl.h"

/** help_on_all() - what lodgectl is, its verbs and global options; returns the exit status */
int help_on_all(void);

/** help_on_word() - a verb by its name, which may be of two words, or a group of verbs
 * Reports an unknown one. Return: the exit status. */
int help_on_word(const char *word);

/** help_on_verb() - a verb's words and options; returns the exit status */
int help_on_verb(const Verb *verb);

/** help_version() - the version of lodgectl; returns the exit status */
int help_version(void);
