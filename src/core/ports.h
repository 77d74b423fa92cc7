/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What core wants from the outside world, as structs of functions: host/ implements them, tests
 * fake them. No function here waits; what takes time is told to the manager later. */
#pragma once

#include "core/types.h"
#include "spec/resources.h"

#include <systemd/sd-event.h>

/* systemd. Jobs end in manager_job_done(), watched units in manager_unit_ended(). */
typedef struct UnitPort {
        void *userdata;
        int (*start)(void *userdata, const char *unit);
        int (*stop)(void *userdata, const char *unit);
        /* tell manager_unit_ended() once, as soon as the unit is inactive or failed, and which */
        int (*watch)(void *userdata, const char *unit);
        void (*unwatch)(void *userdata, const char *unit);
        /* have its limits be these, and no others of ours, before any job that is asked for later.
         * Return: 1 manager_unit_limited() tells later; 0 there is nothing to do; negative errno */
        int (*limit)(void *userdata, const char *unit, const Resources *r);
        /* its machine is gone: nothing of the unit needs to be remembered */
        void (*forget)(void *userdata, const char *unit);
        /* as start, where systemd waits to start the unit again by itself: now; NULL: start does */
        int (*start_now)(void *userdata, const char *unit);
        /* whatever wants or requires the unit @from, because that was enabled, is to want @to.
         * Return: 1 manager_links_moved() tells later; 0 nothing does; negative errno; NULL: as 0
         */
        int (*move_links)(void *userdata, const char *from, const char *to);
        /* have systemd read all units again: manager_reload_done() */
        int (*reload)(void *userdata);
} UnitPort;

/* lodge-work: delete what is in the trash; called again while it runs, it runs once more. */
typedef struct WorkPort {
        void *userdata;
        void (*sweep)(void *userdata);
        /* the last run has left something there; NULL: nobody knows */
        bool (*is_stuck)(void *userdata);
} WorkPort;

/* systemd-machined's list of the host's machines. */
typedef struct RegistryPort {
        void *userdata;
        /* tell registry_checked() who has the name of @m, later; Return: negative errno: nobody
         * will be told */
        int (*check)(void *userdata, const Machine *m);
        /* PID 1 of @m runs: see to it that it is listed, until leave() */
        void (*enter)(void *userdata, const Machine *m);
        void (*leave)(void *userdata, const Machine *m);
} RegistryPort;

/* A firewall that drops what comes from interfaces that it does not know. */
typedef struct FirewallPort {
        void *userdata;
        /* the bridge may not be there yet */
        void (*network_up)(void *userdata, const char *bridge);
        void (*network_down)(void *userdata, const char *bridge);
} FirewallPort;

/* What changed of a machine: sets of its D-Bus properties. */
typedef enum MachineChange {
        MACHINE_CHANGED_STATE = 1 << 0,       /* State, StateReason */
        MACHINE_CHANGED_RUN = 1 << 1,         /* Leader, Supervisor, UIDShift, BootCount, times */
        MACHINE_CHANGED_STATUS_TEXT = 1 << 2, /* StatusText */
        MACHINE_CHANGED_DEFINITION = 1 << 3,  /* Settings and what is read from them */
        MACHINE_CHANGED_NETWORK = 1 << 4,     /* Addresses, Ports */
        MACHINE_CHANGED_MOUNTS = 1 << 5,      /* Mounts */
        MACHINE_CHANGED_HEALTH = 1 << 6,      /* Health, HealthFailures, HealthOutput */
} MachineChange;

/* The same for images, volumes and jobs. */
typedef enum ImageChange {
        IMAGE_CHANGED_CONTENT = 1 << 0, /* anything but Name and UsedBy */
        IMAGE_CHANGED_USED_BY = 1 << 1, /* UsedBy */
} ImageChange;

typedef enum JobChange {
        JOB_CHANGED_PROGRESS = 1 << 0, /* Phase, Progress, Bytes, BytesTotal, Rate, ExpectedEnd,
                                          Items */
        JOB_CHANGED_STATE = 1 << 1,    /* State, Result, ResultMessage, Error, ErrorMessage */
} JobChange;

/* Who wants to be told: the bus face and the journal. Any function may be NULL. */
typedef struct ManagerListener {
        void *userdata;
        void (*machine_added)(void *userdata, Machine *m);
        void (*machine_removed)(void *userdata, Machine *m);
        void (*machine_changed)(void *userdata, Machine *m, unsigned changes);
        /* core/event.h; @reason is "" if there is nothing to say */
        void (*machine_event)(void *userdata, Machine *m, const char *event, const char *reason);
        void (*process_added)(void *userdata, Process *p);
        void (*process_removed)(void *userdata, Process *p);
        void (*process_changed)(void *userdata, Process *p);
        void (*image_added)(void *userdata, Image *image);
        void (*image_removed)(void *userdata, Image *image);
        void (*image_changed)(void *userdata, Image *image, unsigned changes);
        void (*volume_added)(void *userdata, Volume *v);
        void (*volume_removed)(void *userdata, Volume *v);
        void (*volume_changed)(void *userdata, Volume *v); /* UsedBy, Machine */
        void (*network_added)(void *userdata, Network *n);
        void (*network_removed)(void *userdata, Network *n);
        void (*network_changed)(void *userdata, Network *n); /* anything of it */
        void (*job_added)(void *userdata, Job *j);
        void (*job_removed)(void *userdata, Job *j);
        void (*job_changed)(void *userdata, Job *j, unsigned changes);
        void (*warning)(void *userdata, const char *machine, const char *message);
} ManagerListener;
