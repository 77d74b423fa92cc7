/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices images that come and go by hand. */
#pragma once

#include "core/types.h"

#include <systemd/sd-event.h>

/** image_watch() - from now on, a change of an image's directory is told to the manager
 * A directory that does not exist is not watched until the daemon is restarted; its images are
 * found when somebody asks for them.
 * Context: lives as long as the event loop.
 * Return: 0; negative errno. */
int image_watch(Manager *manager, sd_event *event);
