/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The vocabulary of definitions as options of create and run; lodged parses the values. */
#pragma once

#include "ctl/ctl.h"

typedef struct SettingsExtra {
        char *const *command;     /* becomes Command; NULL or empty: none */
        const char *const *pairs; /* key, value, ..., NULL: for keys that no option was given for */
        char *const *environment; /* variables before those that were given */
        char *const *binds;       /* likewise, as lodged takes them */
} SettingsExtra;

/** settings_append() - append the given settings as an a{sv}
 * Return: 0; negative errno, with FAULT_INVALID_OPTION for a value that makes no sense here. */
int settings_append(const Ctl *c, sd_bus_message *m, const SettingsExtra *extra, Fault *reterr);
/** settings_mount_line() - what "-v" of create and run takes, as a line of a definition
 * @word likewise such a line itself; a relative source is one of ours
 * @ret  caller frees
 * Return: 0; negative errno, with a sentence. */
int settings_mount_line(const char *word, char **ret, Fault *reterr);
/** network_settings_append() - the same with those of a network */
int network_settings_append(const Ctl *c, sd_bus_message *m, Fault *reterr);
