/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Units that systemd keeps loaded for us. It unloads what is inactive, which costs it two
 * milliseconds at each next start, and with a thousand machines in a slice ten at each stop. The
 * references end with our connection. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

typedef struct UnitKeep UnitKeep;

/* systemd keeps this unit for us no more. Borrowed. */
typedef void (*UnitReleased)(void *userdata, const char *unit);

/** unit_keep_new() - none are kept yet
 * @bus has the name that systemd keeps them for; NULL: none ever are
 * Return: never NULL. */
UnitKeep *unit_keep_new(sd_bus *bus, UnitReleased released, void *userdata);
/** unit_keep_free() - NULL is fine */
void unit_keep_free(UnitKeep *k);

/** unit_keep() - ask for it to stay loaded, once */
void unit_keep(UnitKeep *k, const char *unit);
/** unit_keep_release() - no longer; it is told when that is so
 * Return: false it was not kept, or nobody can be asked. */
bool unit_keep_release(UnitKeep *k, const char *unit);
