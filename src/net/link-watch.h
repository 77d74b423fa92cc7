/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of our bridges: others may delete them, and some of what they can is decided by what
 * is attached to them. */
#pragma once

#include "net/engine.h"

#include <systemd/sd-event.h>

typedef struct LinkWatch LinkWatch;

/** link_watch_new() - look after the bridges of @engine
 * Return: 0; negative errno. */
int link_watch_new(sd_event *event, Engine *engine, LinkWatch **ret);
/** link_watch_free() - NULL is fine */
void link_watch_free(LinkWatch *w);
