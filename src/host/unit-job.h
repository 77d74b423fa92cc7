/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd's jobs that lodged has asked for: each ends exactly once, whatever becomes of PID 1
 * meanwhile. It may be replaced (daemon-reexec), which loses calls and signals, or not answer. */
#pragma once

#include "core/machine.h"

#include <stdbool.h>
#include <systemd/sd-bus.h>

#define SYSTEMD_SERVICE "org.freedesktop.systemd1"
#define SYSTEMD_PATH    "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"
#define SYSTEMD_UNIT    "org.freedesktop.systemd1.Unit"

#define SYSTEMD_NO_SUCH_UNIT SYSTEMD_SERVICE ".NoSuchUnit"

typedef struct UnitJobs UnitJobs;

/* The job has ended: @result is systemd's word. If it never came to a job, @error says why, and
 * @result is "timeout" if systemd did not answer. All borrowed. */
typedef void (*UnitJobDone)(void *userdata, const char *unit, UnitJob kind, const char *result,
                            const char *error);

/** unit_jobs_new() - no jobs yet
 * @bus         attached to the event loop; outlives this, or is replaced
 * @answer_usec how long systemd may take to answer; a job that is queued may take longer
 * Return: never NULL. */
UnitJobs *unit_jobs_new(sd_bus *bus, uint64_t answer_usec, UnitJobDone done, void *userdata);
/** unit_jobs_set_bus() - another connection, after the one before was closed; then
 * unit_jobs_check() */
void unit_jobs_set_bus(UnitJobs *jobs, sd_bus *bus);
/** unit_jobs_free() - forget every job; NULL is fine */
void unit_jobs_free(UnitJobs *jobs);

/** unit_jobs_queue() - start or stop a unit
 * Return: 0, and the end is told later; negative errno. */
int unit_jobs_queue(UnitJobs *jobs, const char *unit, UnitJob kind);

/** unit_jobs_queue_restart() - start a unit that systemd is about to start again by itself: now
 * Return: as above; the end is that of a start. */
int unit_jobs_queue_restart(UnitJobs *jobs, const char *unit);

/** unit_jobs_removed() - systemd's signal JobRemoved has come */
void unit_jobs_removed(UnitJobs *jobs, sd_bus_message *m);

/** unit_jobs_count() - Return: how many have not ended. */
size_t unit_jobs_count(const UnitJobs *jobs);

/** unit_jobs_check() - signals may have been lost: ask what became of each job */
void unit_jobs_check(UnitJobs *jobs);

/** systemd_get() - ask for a property, as sd_bus_call_method_async() does
 * @timeout_usec of the answer */
int systemd_get(sd_bus *bus, sd_bus_slot **slot, const char *path, const char *interface,
                const char *property, uint64_t timeout_usec, sd_bus_message_handler_t callback,
                void *userdata);
