/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two sides of a start share, and the side that becomes PID 1. */
#pragma once

#include "shim/launch.h"
#include "shim/overlay.h"
#include "shim/stage.h"

#include <stdbool.h>

typedef enum LaunchMessageKind {
        LAUNCH_MAPPED = 1, /* shim: the id maps are written */
        LAUNCH_ROOT,       /* child: fd = the overlay */
        LAUNCH_PIVOTED,    /* shim: the root is yours */
        LAUNCH_FURNISHED,  /* child, in a descriptor table of its own: fd = devpts, terminal and
                              slave */
} LaunchMessageKind;

typedef struct LaunchMessage {
        LaunchMessageKind kind;
        int fd;
        int terminal, slave; /* -EBADF: none */
} LaunchMessage;

typedef struct Start {
        const LaunchArgs *args;
        int layers[OVERLAY_LAYERS_MAX];
        size_t n_layers;
        int upper;
        int usr; /* over /usr; -EBADF: none */
        bool is_volatile, has_netns, has_terminal;
        int binds[STAGE_BINDS_MAX];
        size_t n_binds;
        int notify; /* detached mount of the notify socket */
        uint32_t uid_base;
        int sock[2];        /* 0 the shim's, 1 the child's */
        int child_stdio[3]; /* the child's ends of the pipes */
        Leader run;
} Start;

/** start_child() - the child's side, from clone3() to execve()
 * Context: the new process, sharing the shim's descriptors. */
_noreturn_ void start_child(Start *st);
