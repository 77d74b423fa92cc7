/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices when somebody writes or deletes a definition file by hand. */
#pragma once

#include "core/types.h"

#include <systemd/sd-event.h>

/** definition_watch() - from now on, a change below the definition directories makes the manager
 * read them again A directory that does not exist is not watched until the daemon is restarted.
 * Context: lives as long as the event loop.
 * Return: 0; negative errno. */
int definition_watch(Manager *manager, sd_event *event);
