/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the files of the bus face. */
#pragma once

#include "bus/authorize.h"
#include "bus/bus.h"
#include "core/process.h"

/* What sd-bus hands to the members of an object: it finds that first, and asks for each property
 * right after, so none of them has to look for it again. */
typedef struct Target {
        Bus *bus;
        const void *object; /* NULL: of the Manager */
} Target;

struct Bus {
        Target itself, found; /* for the Manager's members; for those of the last object found */
        sd_bus *bus;
        Manager *manager;
        Authority *authority;
        const char *version;
        GPtrArray *calls;       /* Call: not answered yet */
        GHashTable *open_calls; /* caller -> how many of them are under way */
        unsigned n_messages;    /* since the last look of the timer, which then gives memory back */
        bool was_flooded;       /* at the look before */
        sd_event_source *trim;
        sd_bus_slot *clients; /* tells which of them leave, from the first call on */
        GHashTable *texts;    /* machine name -> TextChange: StatusText */
        GHashTable *progress; /* ID of a job -> ProgressChange: how far it is */
};

#define BUS_CHANGE_USEC 250000ULL /* what changes all the time is told at most 4 times a second */

/** bus_export() - put all objects on a connection, until that is freed
 * Return: 0; negative errno. */
int bus_export(Bus *b, sd_bus *bus);

extern const sd_bus_vtable bus_manager_vtable[];
extern const sd_bus_vtable bus_machine_vtable[];
extern const sd_bus_vtable bus_process_vtable[];
extern const sd_bus_vtable bus_image_vtable[];
extern const sd_bus_vtable bus_volume_vtable[];
extern const sd_bus_vtable bus_job_vtable[];
extern const sd_bus_vtable bus_network_vtable[];

/** bus_process_path() - Return: newly allocated object path; NULL on OOM. */
char *bus_process_path(const Process *p);
/** bus_path_process() - the process of an object path; NULL if there is none */
Process *bus_path_process(Bus *b, const char *path);

/** bus_on_method() - every other method: looked up by its name in bus_*_methods */
int bus_on_method(sd_bus_message *m, void *userdata, sd_bus_error *error);
