/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of machines as journal entries with MESSAGE_ID and fields; texts in units/lodge.catalog.
 */
#pragma once

#include "core/types.h"

#include <glib.h>

/* The names of the machines whose start has been logged. */
typedef GHashTable Journal;

/** journal_new() - log what happens to machines from now on
 * Return: never NULL; freed after the manager. */
Journal *journal_new(Manager *manager);
/** journal_free() - NULL is fine */
void journal_free(Journal *j);
