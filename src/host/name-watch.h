/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is somebody there under a name on the bus? Nobody is started by asking. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

typedef struct NameWatch NameWatch;

/* @there: somebody has it now; also told when it is somebody else than before */
typedef void (*NameWatchFn)(void *userdata, bool there);

/** name_watch_new() - tell now, if it is there, and whenever it changes
 * @bus  connected, attached to the event loop
 * @name static
 * Return: 0; negative errno. */
int name_watch_new(sd_bus *bus, const char *name, NameWatchFn changed, void *userdata,
                   NameWatch **ret);
/** name_watch_free() - NULL is fine */
void name_watch_free(NameWatch *w);
