/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two sides of a start share, and the side that becomes PID 1. */
#pragma once

#include "shim/launch.h"
#include "shim/layers.h"
#include "shim/share.h"
#include "shim/stage.h"
#include "shim/upper.h"

#include <stdbool.h>

typedef enum LaunchMessageKind {
        LAUNCH_MAPPED = 1, /* shim: the id maps are written */
        LAUNCH_ROOT,       /* child: fd = the overlay */
        LAUNCH_PIVOTED,    /* shim: the root is yours */
        LAUNCH_TARGET,    /* shim: open, or make, the place for the step numbered n of Start.mounts.
                           * Child: fd = that place, is_new if it was made; uid, gid = whose files
                           * it shows */
        LAUNCH_FILL,      /* shim: give the mount fd, if it is empty, owner and mode of the place n.
                           * Child: done */
        LAUNCH_ATTACH,    /* shim: attach the mount fd there. Child: done */
        LAUNCH_SHARED,    /* shim: that was all of them */
        LAUNCH_CONNECTED, /* shim: the interfaces are there; not sent if there are none to be */
        LAUNCH_FURNISHED, /* child, in a descriptor table of its own: fd = devpts, terminal and
                             slave */
} LaunchMessageKind;

typedef struct LaunchMessage {
        LaunchMessageKind kind;
        int fd;
        int terminal, slave; /* -EBADF: none */
        unsigned n;
        bool is_directory, is_new;
        uint32_t uid, gid; /* of the guest */
} LaunchMessage;

struct Start {
        const LaunchArgs *args;
        Mounts *mounts; /* to be made */
        Layers layers;
        Upper upper;
        bool has_netns, has_terminal;
        int userns; /* the child's */
        int usr;    /* over /usr; -EBADF: none */
        int binds[STAGE_BINDS_MAX];
        size_t n_binds;
        Share *shares; /* of the PLAN_SHARE steps of mounts, in their order */
        size_t n_shares;
        int mountns;   /* where the shim came from; borrowed */
        int netns;     /* to be born in; -EBADF: a new one, or the own */
        int own_netns; /* where the shim returns to */
        int notify;    /* detached mount of the notify socket */
        uint32_t uid_base;
        int sock[2];        /* 0 the shim's, 1 the child's */
        int child_stdio[3]; /* the child's ends of the pipes */
        Leader run;
};

/** start_copy_mounts() - go to a private copy of the mount namespace
 * Return: 0; negative errno with @f set. */
int start_copy_mounts(Failure *f);
/** start_tell() - send the child a message that is nothing but its kind
 * Return: 0; negative errno with @f set. */
int start_tell(Start *st, LaunchMessageKind kind, Failure *f);
/** start_expect() - wait for a message of the child
 * Return: 0; -ECANCELED SIGTERM came; negative errno, its failure or ours, with @f set. */
int start_expect(Start *st, LaunchMessageKind kind, LaunchMessage *ret, Failure *f);

/** start_serve_shares() - answer the shim until it has mounted all of Start.mounts
 * Context: as target_serve().
 * Return: 0; -EPIPE the shim is gone; negative errno with @f set. */
int start_serve_shares(const Start *st, Failure *f);

/** start_child() - the child's side, from clone3() to execve()
 * Context: the new process, sharing the shim's descriptors. */
_noreturn_ void start_child(Start *st);
