/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One start of PID 1, by the plan.
 *
 *   shim: host's root, in a copy of               child: root of a new user namespace,
 *   the mount namespace                           the future PID 1
 *     opens layers and binds
 *     clone3 -----------------------------------> waits
 *     writes the id maps, idmaps the layers
 *     LAUNCH_MAPPED ----------------------------> mounts the overlay, furnishes it
 *     mounts what is to be locked
 *     <---------------------------- LAUNCH_ROOT
 *     moves that to the root
 *     pivot_root
 *     LAUNCH_PIVOTED ---------------------------> own mount and cgroup namespace: what is
 *                                                 mounted by now is locked
 *     LAUNCH_TARGET, _FILL, _ATTACH <-----------> makes places for binds and volumes, and
 *     prepares those                              attaches them
 *     LAUNCH_SHARED ----------------------------> mounts the rest
 *     makes the interfaces
 *     LAUNCH_CONNECTED ------------------------->
 *     <----------------------- LAUNCH_FURNISHED
 *     <----------------------------- end of file  execve
 *
 * Both share one descriptor table until LAUNCH_FURNISHED, so a descriptor is passed by number. */
#pragma once

#include "shim/layers.h"
#include "shim/mounts.h"
#include "shim/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct LaunchArgs {
        const void *plan;
        size_t n_plan;
        const void *files; /* a plan of PLAN_FILE in PLAN_STAGE_TREE that count more; NULL: none */
        size_t n_files;
        const char *name;
        int payload_cgroup; /* where PID 1 is born */
        int signals;        /* signalfd with SIGTERM: a start can be given up */
        const char *notify; /* host path of the notify socket, to be bound into the guest */
        int images;         /* from images_keep(); -EBADF: the plan wants none */
        LayerLocks *locks;  /* outlives the start */
        Mounts *mounts;     /* likewise; pins nothing yet */
        Network *network; /* likewise; network_detach() is the caller's, also if the start fails */
        bool is_reboot;   /* a writable layer that is still there is to be kept */
} LaunchArgs;

typedef struct Leader {
        pid_t pid;
        int pidfd;
        int pts;      /* root of the guest's devpts */
        int terminal; /* master side, or -EBADF */
        int slave;    /* kept open: a terminal that nobody has open polls as hung up, for ever */
        int in;       /* our ends of the pipes, without a terminal */
        int out, err;
} Leader;

/** launch() - start PID 1
 * @ret caller calls leader_done(); set on success only
 * Context: blocks until PID 1 runs, or failed; afterwards children of ours are born in its pid
 *   namespace.
 * Return: 0; -ECANCELED SIGTERM came; negative errno; nothing is left behind; @f is set. */
int launch(const LaunchArgs *args, Leader *ret, Failure *f);

/** leader_init() - no leader: every descriptor -EBADF */
void leader_init(Leader *l);
/** leader_done() - close what belongs to it; does not kill */
void leader_done(Leader *l);
