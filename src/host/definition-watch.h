/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices when somebody changes by hand what machines and networks are: their files, drop-ins and
 * profiles. The directories of these may come and go, too; nothing is looked at but what has
 * changed. */
#pragma once

#include "core/types.h"

#include <systemd/sd-event.h>

typedef struct DefinitionWatch DefinitionWatch;

/** definition_watch_new() - from now on the manager reads again what has changed on disk
 * A directory that cannot be watched is warned of.
 * Return: 0; negative errno. */
int definition_watch_new(Manager *manager, sd_event *event, DefinitionWatch **ret);
/** definition_watch_free() - NULL is fine */
void definition_watch_free(DefinitionWatch *w);
