/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices images and volumes that come and go by hand. */
#pragma once

#include "core/types.h"

#include <systemd/sd-event.h>

/** store_watch() - from now on, a change of the directories of images and volumes is told to the
 * manager
 * A directory that does not exist is not watched until the daemon is restarted; what is in it is
 * found when somebody asks for it.
 * Context: lives as long as the event loop.
 * Return: 0; negative errno. */
int store_watch(Manager *manager, sd_event *event);
