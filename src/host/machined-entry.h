/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One machine of ours in machined's list: from "PID 1 runs" to "is listed", step by step, each an
 * answer of machined. Private to host/machined*.c.
 *
 * machined must never be asked to take a PID 1 or a name that it knows already: it would not only
 * refuse, but end the unit of that process (up to 257 and beyond), so each is looked up first. */
#pragma once

#include "core/types.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#define MACHINED_NAME      "org.freedesktop.machine1"
#define MACHINED_PATH      "/org/freedesktop/machine1"
#define MACHINED_MANAGER   "org.freedesktop.machine1.Manager"
#define MACHINED_INTERFACE "org.freedesktop.machine1.Machine"
#define MACHINED_NO_NAME   "org.freedesktop.machine1.NoSuchMachine"
#define MACHINED_NO_PID    "org.freedesktop.machine1.NoMachineForPID"

/* What machined says of a machine. */
typedef struct MachinedRecord {
        const char *unit;
        uint32_t leader;
        bool has_subgroup; /* since 258: the leader's cgroup within the unit */
        const char *subgroup;
} MachinedRecord;

/** machined_record_read() - from the answer to GetAll(); strings are the message's
 * Return: 0; negative errno. */
int machined_record_read(sd_bus_message *m, MachinedRecord *ret);
/** machined_record_get() - ask for all properties of a machine
 * @machine answer to GetMachine()
 * Return: negative errno if @fn will not be called. */
int machined_record_get(sd_bus_message *machine, sd_bus_slot **slot, sd_bus_message_handler_t fn,
                        void *userdata);

typedef struct Entry Entry;

/** entry_new() - a machine that runs; nothing is asked yet */
Entry *entry_new(sd_bus *bus, Manager *manager, const Machine *m);
/** entry_free() - GDestroyNotify; what is under way is dropped */
void entry_free(void *p);

/** entry_remove() - take it from the list, if machined could do harm with it
 * Up to 257 machined stops the unit of a machine when that has ended by itself, and a start that
 * comes at this moment would fail. Later ones have forgotten it by now, and the name may be
 * another's. */
void entry_remove(Entry *e);

/** entry_check() - see to it that it is listed as it is; nothing if that is under way
 * @running machined is there; else it is started, if it can be */
void entry_check(Entry *e, bool running);
