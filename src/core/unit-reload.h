/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What definitions say for units, lodge-generator passes on when systemd reads its units again. So
 * systemd is asked to whenever a drop-in would become another one: once for what changes within a
 * moment, and before a start of such a machine. Nobody else waits. */
#pragma once

#include "core/types.h"
#include "spec/settings.h"

typedef struct UnitReload UnitReload;

/** unit_reload_new() - nothing is to be read yet
 * Return: never NULL. */
UnitReload *unit_reload_new(void);
/** unit_reload_free() - forget it; NULL is fine */
void unit_reload_free(UnitReload *u);

/** unit_reload_note() - this is what the definition of a machine says now
 * @s NULL: there is none */
void unit_reload_note(Manager *manager, const char *name, const Settings *s);

/** unit_reload_demand() - have systemd read the unit of this name again, whoever has it now */
void unit_reload_demand(Manager *manager, const char *name);

/** unit_reload_awaited() - has a start of this machine to wait for machine_units_read()?
 * If so, systemd is asked at once. */
bool unit_reload_awaited(Manager *manager, const char *name);

/** manager_reload_done() - systemd has answered UnitPort's reload()
 * @error what it says; NULL: it has read them */
void manager_reload_done(Manager *manager, const char *error);
