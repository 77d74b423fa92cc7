/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a machine's settings is for systemd to know before it starts the unit: the drop-ins that
 * lodge-generator writes for lodge@NAME.service. lodged compares them with what is there. libc
 * only. */
#pragma once

#include "spec/settings.h"

/** unit_is_tied() - does it depend on other units of the host, or they on it? */
bool unit_is_tied(const Settings *s);

/** unit_lines() - dependencies, conditions, restarts and what enabling it means
 * Ordinary words of systemd.unit(5), from the sections [Unit] and [Install] and Restart*=.
 * Return: newly allocated, caller frees; "" if nothing of that is set; NULL on OOM. */
char *unit_lines(const Settings *s);

/** unit_limit_lines() - what of [Resources] is the unit's
 * lodged sets the same as properties of the unit, which count more: it does not compare this.
 * Return: as above. */
char *unit_limit_lines(const Settings *s);

/** unit_mount_lines() - which mounts of the host must be there first
 * Not for a host that is up, where what is mounted is mounted: lodged does not compare it.
 * Return: as above. */
char *unit_mount_lines(const Settings *s);
