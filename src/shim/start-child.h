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
        LAUNCH_TARGET, /* shim: open, or make, the place for the step numbered n of PLAN_STAGE_ROOT,
                        * below fd. Child: fd = that place, is_new if it was made; uid, gid =
                        * whose files it shows */
        LAUNCH_FILL,   /* shim: give the mount fd, if it is empty, owner and mode of the place n.
                        * Child: done */
        LAUNCH_PIVOTED,   /* shim: the root is yours */
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
        Layers layers;
        Upper upper;
        bool has_netns, has_terminal;
        int userns; /* the child's */
        int usr;    /* over /usr; -EBADF: none */
        int binds[STAGE_BINDS_MAX];
        size_t n_binds;
        Share *shares; /* of the PLAN_SHARE steps, in their order */
        size_t n_shares;
        int netns;     /* to be born in; -EBADF: a new one, or the own */
        int own_netns; /* where the shim returns to */
        int notify;    /* detached mount of the notify socket */
        uint32_t uid_base;
        int sock[2];        /* 0 the shim's, 1 the child's */
        int child_stdio[3]; /* the child's ends of the pipes */
        Leader run;
};

/** start_expect() - wait for a message of the child
 * Return: 0; -ECANCELED SIGTERM came; negative errno, its failure or ours, with @f set. */
int start_expect(Start *st, LaunchMessageKind kind, LaunchMessage *ret, Failure *f);

/** start_child() - the child's side, from clone3() to execve()
 * Context: the new process, sharing the shim's descriptors. */
_noreturn_ void start_child(Start *st);
