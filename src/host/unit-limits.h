/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limits of machines' units, as systemd's properties. What lodged has set of them since the
 * host has booted is written down, so that it can be taken back when the setting or the machine is
 * gone, and nothing is that somebody else has set. */
#pragma once

#include "core/ports.h"

#include <systemd/sd-bus.h>

typedef struct UnitLimits UnitLimits;

typedef struct UnitLimitsListener {
        /* systemd has taken the limits of a unit; @error: it has not, for this reason. Borrowed. */
        void (*done)(void *userdata, const char *unit, const char *error);
        /* Nothing is left of a unit whose machine is gone; @is_kept: it has its limits until
         * systemd reads its units again. */
        void (*lost)(void *userdata, const char *unit, bool is_kept);
} UnitLimitsListener;

/** unit_limits_new() - nothing is asked yet
 * @root        "" but in tests; static
 * @bus         attached to the event loop; outlives this, or is replaced
 * @answer_usec how long systemd may take to answer
 * @listener    static
 * Return: never NULL. */
UnitLimits *unit_limits_new(const char *root, sd_bus *bus, uint64_t answer_usec,
                            const UnitLimitsListener *listener, void *userdata);
/** unit_limits_set_bus() - another connection, after the one before was closed: what was asked is
 * asked again */
void unit_limits_set_bus(UnitLimits *limits, sd_bus *bus);
/** unit_limits_free() - forget what was asked; NULL is fine */
void unit_limits_free(UnitLimits *limits);

/** unit_limits_set() - have a unit's limits be these; what was asked for it before is forgotten
 * For a unit that runs, or is about to be started.
 * Return: 1 it is told later; 0 there is nothing to ask systemd; negative errno. */
int unit_limits_set(UnitLimits *limits, const char *unit, const Resources *r);

/** unit_limits_count() - Return: of how many units systemd has been asked and not answered yet. */
size_t unit_limits_count(const UnitLimits *limits);

/** unit_limits_forget() - its machine is gone: leave none on it */
void unit_limits_forget(UnitLimits *limits, const char *unit);
/** unit_limits_check_lost() - find out whether systemd still has some of a unit that is forgotten
 * Once nobody keeps it loaded for us. */
void unit_limits_check_lost(UnitLimits *limits, const char *unit);
/** unit_limits_begin_reading() - systemd is asked to read its units again */
void unit_limits_begin_reading(UnitLimits *limits);
/** unit_limits_end_reading() - it has answered */
void unit_limits_end_reading(UnitLimits *limits, bool is_read);

/** unit_limits_sweep() - take back those of units that are not to have any
 * @is_known does the machine of this name exist? */
void unit_limits_sweep(UnitLimits *limits, bool (*is_known)(void *userdata, const char *name),
                       void *userdata);
