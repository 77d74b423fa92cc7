/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Properties of an object on a screen, a label before each; what is empty is left out. */
#pragma once

#include "ctl/json.h"

#define FIELD_LABEL  "%12s: "
#define FIELD_INDENT "              " /* of lines after the first */

/** field_begin() - print the label alone */
void field_begin(const char *label);
/** field_text() - a string */
void field_text(const json_t *object, const char *label, const char *key);
/** field_time() - a time, and how long ago it was */
void field_time(const json_t *object, const char *label, const char *key);
/** field_words() - a command line as a shell would take it, or names */
void field_words(const json_t *object, const char *label, const char *key);
/** field_lines() - strings, or KEY=VALUE of a dictionary, one a line */
void field_lines(const json_t *object, const char *label, const char *key);
