/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes another one when a definition takes the place of another. */
#pragma once

#include "ctl/json.h"

/** definition_is_applied() - does what lodged has say the same, but for what it has added itself?
 * @has  text that lodged has
 * @want text that was given to it */
bool definition_is_applied(const char *has, const char *want);

/** definition_changes() - the settings that differ
 * With the profiles and drop-ins of this host, as definition_check() reads them.
 * @path of the file, which names the machine
 * @has  NULL: there was none
 * @ret array of {Key, Old, New}, as they stand in files; Old or New is missing where it is the
 *      default; new reference
 * Return: 0; -ENOMEM. */
int definition_changes(const char *path, const char *has, const char *want, json_t **ret);
