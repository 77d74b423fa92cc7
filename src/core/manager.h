/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All machines, processes and open requests of this host. One per daemon; everything runs in its
 * event loop. Nothing that matters is kept only here: definitions, exit records and the shims
 * themselves are what a restarted daemon reads. */
#pragma once

#include "base/fault.h"
#include "core/image.h"
#include "core/machine.h"
#include "core/ports.h"
#include "core/types.h"
#include "core/unit-reload.h"
#include "wire/exit-record.h"

#include <glib.h>
#include <systemd/sd-event.h>

#define MANAGER_LISTENERS_MAX 6

struct Manager {
        sd_event *event;
        const char *root; /* as in core/definition.h */
        UnitPort units;
        UnitReload *unit_reload;
        WorkPort work;
        RegistryPort registry; /* all NULL: there is none */
        FirewallPort firewall; /* likewise */
        ManagerListener listeners[MANAGER_LISTENERS_MAX];
        size_t n_listeners;

        GHashTable *machines;  /* name -> Machine */
        GHashTable *processes; /* "MACHINE/ID" -> Process */
        uint64_t last_process_id;
        GHashTable *images;            /* canonical name -> Image */
        StoreStamp image_places[2];    /* directories when they were last read, core/image-list.c */
        StoreStamp volumes_place;      /* likewise, core/volume.c */
        GPtrArray *changed_images;     /* Image: listeners are to be told */
        GPtrArray *changed_volumes;    /* Volume: likewise */
        GHashTable *volumes;           /* name -> Volume */
        GHashTable *networks;          /* name -> Network */
        GPtrArray *changed_networks;   /* Network: listeners are to be told */
        sd_event_source *network_save; /* leases are to be written */
        sd_event_source *network_hosts; /* and LODGE_RUNTIME_HOSTS */
        NetworkServices *network_services;
        uint64_t network_answer_usec; /* how long they may take */
        GPtrArray *preparations;      /* core/network-choose.c: networks that get their subnets */
        uint8_t host_id[16];     /* what hardware addresses, subnets and machine ids are made of */
        GHashTable *jobs;        /* ID -> Job, those that are objects */
        GHashTable *hidden_jobs; /* likewise, lodged's own */
        GHashTable *lost_jobs;   /* ID -> of an earlier lodged, core/job-run.c */
        sd_event_source *job_idle;
        GPtrArray *requests; /* Request, oldest first */
        GPtrArray *changed;  /* Machine: listeners are to be told */
        sd_event_source *flush;
        GHashTable *filters; /* capabilities -> system call filter, core/launch.c */

        GPtrArray *renames; /* Rename: machines that get another name */

        GHashTable
                *orphans; /* names of layers that had no machine at the last look, core/orphan.c */
        sd_event_source *orphan_timer;
        uint64_t orphan_grace_usec; /* how long a layer is left alone */

        GHashTable *adopting; /* Machine: its shim has not answered yet */
        sd_event_source *adoption_deadline;
        sd_event_source *removal; /* of machines that ended while no lodged was there */
        void (*adopted)(void *userdata);
        void *adopted_userdata;
};

#define EACH_LISTENER(manager, l)                                                                  \
        for (const ManagerListener *l = (manager)->listeners;                                      \
             l < (manager)->listeners + (manager)->n_listeners; l++)

/** manager_new() - an empty manager
 * @root  "" but in tests; static
 * Return: never NULL; freed by manager_free() at the end of the program. */
Manager *manager_new(sd_event *event, const char *root, const UnitPort *units,
                     const WorkPort *work);
/** manager_free() - forget everything; machines go on */
void manager_free(Manager *manager);
/** manager_add_listener() - tell @l of every change; copied */
void manager_add_listener(Manager *manager, const ManagerListener *l);

/** manager_load() - make the machines agree with the definitions on disk
 * At start, and whenever the directories change. */
void manager_load(Manager *manager);

/** manager_load_name() - the same for one name: the file has come, changed or gone
 * A machine that runs keeps what it was started with. */
void manager_load_name(Manager *manager, const char *name);

/** manager_load_profile() - the same for all machines that may go by a profile
 * @profile NULL: any */
void manager_load_profile(Manager *manager, const char *profile);

/** manager_adopt() - find the shims that run already
 * @done called once each has answered, or after a second: those that come later are still taken
 * Context: does not block. */
void manager_adopt(Manager *manager, void (*done)(void *userdata), void *userdata);
/** manager_adoption_step() - @m's shim has answered, or never will */
void manager_adoption_step(Manager *manager, Machine *m);

/** manager_accept() - a connection to our socket
 * @fd   consumed
 * @unit the peer's systemd unit; the machine that it says to be must be this unit */
void manager_accept(Manager *manager, int fd, const char *unit);

/** manager_find() - a machine by its name; NULL if there is none */
Machine *manager_find(Manager *manager, const char *name);
/** manager_get() - the same, with a sentence
 * Return: 0; -EINVAL FAULT_INVALID_NAME; -ENOENT FAULT_NO_SUCH_MACHINE. */
int manager_get(Manager *manager, const char *name, Machine **ret, Fault *reterr);

/** manager_delete_machine() - delete the files of a stopped machine
 * Return: 1 its layer could not be deleted; 0; negative errno, it is as it was. */
int manager_delete_machine(Manager *manager, const Machine *m, Fault *reterr);
/** manager_forget_machine() - the other half of its removal; frees @m
 * @leaves_layer what manager_delete_machine() has returned */
void manager_forget_machine(Manager *manager, Machine *m, bool leaves_layer);
/** manager_remove_machine() - both; frees @m
 * Return: 0; negative errno, the machine is still there. */
int manager_remove_machine(Manager *manager, Machine *m, Fault *reterr);

/** manager_rename_machine() - a stopped machine's files have another name: so has it; frees @m
 * Return: the same machine, under its new name. */
Machine *manager_rename_machine(Manager *manager, Machine *m, const char *name);

/* ---- for core/machine*.c and core/process.c ---- */

/** manager_add_machine() - know it from now on, and announce it; @m is consumed */
void manager_add_machine(Manager *manager, Machine *m);
/** manager_note_change() - listeners are told when the loop is idle, or at manager_flush() */
void manager_note_change(Machine *m, unsigned changes);
/** manager_flush() - tell the listeners now */
void manager_flush(Manager *manager);
/** manager_warn() - something is wrong that no caller waits for
 * @machine name, or NULL */
void manager_warn(Manager *manager, const char *machine, const char *message);
/** manager_sweep() - let lodge-work delete what is in the trash, if anything is */
void manager_sweep(Manager *manager);

/** manager_open_exits() - the directory of exit records; Return: fd; negative errno. */
int manager_open_exits(Manager *manager);
/** manager_check_runtime() - is there room for the files of a machine in the runtime directory?
 * Return: 0; negative errno, FAULT_NO_SPACE or FAULT_START_FAILED. */
int manager_check_runtime(Manager *manager, const char *name, Fault *reterr);
/** manager_read_exit() - how the last run of a machine ended; Return: as exit_record_read() */
int manager_read_exit(Manager *manager, const char *name, ExitRecord *ret);
/** manager_write_exit() - keep it for a later lodged; a failure is warned of */
void manager_write_exit(Manager *manager, const char *name, const ExitRecord *r);
/** manager_release_exit() - delete the space that a shim which is gone had reserved for one */
void manager_release_exit(Manager *manager, const char *name);
/** manager_forget_exit() - delete that record */
void manager_forget_exit(Manager *manager, const char *name);

/** manager_add_process() - know it from now on, and announce it; @p is consumed */
void manager_add_process(Manager *manager, Process *p);
/** manager_process_changed() - tell the listeners */
void manager_process_changed(Manager *manager, Process *p);
/** manager_remove_process() - forget it; frees @p */
void manager_remove_process(Manager *manager, Process *p);
/** manager_find_process() - one by machine and number; NULL if there is none */
Process *manager_find_process(Manager *manager, const char *machine, uint64_t id);
/** manager_end_processes() - the machine has ended, and what ran in it */
void manager_end_processes(Manager *manager, const char *machine);

/* ---- images, volumes, jobs: for their own files; each tells the listeners ---- */

/** manager_add_image() - know it from now on; @image is consumed */
void manager_add_image(Manager *manager, Image *image);
/** manager_remove_image() - it is gone from the disk; frees @image */
void manager_remove_image(Manager *manager, Image *image);
/** manager_note_image() - listeners are told when the loop is idle, or at manager_flush()
 * @changes ImageChange */
void manager_note_image(Image *image, unsigned changes);

/** manager_add_volume() - know it from now on; @v is consumed */
void manager_add_volume(Manager *manager, Volume *v);
/** manager_remove_volume() - it is gone from the disk; frees @v */
void manager_remove_volume(Manager *manager, Volume *v);
/** manager_note_volume() - listeners are told when the loop is idle, or at manager_flush() */
void manager_note_volume(Volume *v);

/** manager_job_added() - tell the listeners */
void manager_job_added(Job *j);
/** manager_job_removed() - likewise */
void manager_job_removed(Job *j);
/** manager_job_changed() - likewise
 * @changes JobChange */
void manager_job_changed(Job *j, unsigned changes);

/* ---- what host/ tells ---- */

/** manager_job_done() - as machine_job_done(), by the unit's name */
void manager_job_done(Manager *manager, const char *unit, UnitJob job, const char *result,
                      const char *error);
/** manager_unit_limited() - systemd has taken the limits of a unit
 * @error it has not; may be NULL */
void manager_unit_limited(Manager *manager, const char *unit, const char *error);
/** manager_unit_outdated() - systemd has in mind what is no longer so: it is to read it again */
void manager_unit_outdated(Manager *manager, const char *unit);
typedef enum UnitEnd {
        UNIT_END_INACTIVE,
        UNIT_END_FAILED,
        UNIT_END_RESTARTS, /* systemd is about to start it again by itself */
} UnitEnd;

/** manager_unit_ended() - a watched unit is inactive
 * @failed systemd calls it failed */
void manager_unit_ended(Manager *manager, const char *unit, UnitEnd end);
