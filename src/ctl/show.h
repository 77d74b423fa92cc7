/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Properties of objects, for programs: what show and the verbs named inspect print. */
#pragma once

#include "ctl/kinds.h"

/** show_objects() - print properties of the objects that were named, as --property, --value and the
 * form of output ask for
 * Reports failures. Return: the exit status. */
int show_objects(Ctl *c, const Kind *kind);

/** show_is_wanted() - does --property ask for that one, or for none? */
bool show_is_wanted(const Ctl *c, const char *property);
/** show_effective() - print settings as the next start will find them, and where each is from
 * Reports failures. Return: the exit status. */
int show_effective(Ctl *c);
/** show_is_one() - was just one object named, and by no pattern? Then it is no list in JSON. */
bool show_is_one(const Ctl *c);
