/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What callers change of a machine that runs, and want kept: the same change, in its definition. */
#pragma once

#include "base/fault.h"
#include "core/types.h"
#include "spec/settings.h"

/* Change @s; @arg is the caller's. Return: 0; negative errno with a sentence, @s is unchanged. */
typedef int (*SettingsEditFn)(const Machine *m, const void *arg, Settings *s, Fault *reterr);

/** settings_edit_check() - could this change be kept? Nothing is written
 * Return: 0; negative errno with a sentence. */
int settings_edit_check(Machine *m, SettingsEditFn edit, const void *arg, Fault *reterr);

/** settings_edit_persist() - change the machine's definition, and if it runs what it runs with
 * Return: 0; negative errno with a sentence. */
int settings_edit_persist(Machine *m, SettingsEditFn edit, const void *arg, Fault *reterr);
