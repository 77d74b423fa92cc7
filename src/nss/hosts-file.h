/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of machines that run, as lodged writes them: lines "ADDRESS NAME". Read inside of any
 * program of the host, root's among them: libc only, no state, nothing allocated, and the file is
 * not believed. */
#pragma once

#include "base/machine-name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOSTS_ENTRIES_MAX 32 /* addresses of a name */

typedef struct HostsEntry {
        int family;
        uint8_t address[16]; /* network order */
        char name[MACHINE_NAME_MAX + 1];
} HostsEntry;

/* Is this one wanted? */
typedef bool (*HostsMatchFn)(const HostsEntry *e, const void *userdata);

/** hosts_file_find() - those entries that match, in the file's order
 * @max most; what follows is left out
 * Return: how many; none if there is no such file. */
size_t hosts_file_find(const char *path, HostsMatchFn matches, const void *userdata,
                       HostsEntry *ret, size_t max);
