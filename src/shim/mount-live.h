/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts for a guest that runs, and so may make each look at one of its paths last for ever: the
 * work is done by a child of the supervisor, which goes on meanwhile. One at a time. */
#pragma once

#include "base/fault.h"
#include "wire/frame.h"

#include <stdint.h>
#include <sys/types.h>

typedef struct Shim Shim;

typedef struct MountLive {
        pid_t pid; /* of the child; 0: none */
        int pidfd;
        int result;      /* socket: a frame, then its end */
        int link;        /* whom to answer; -EBADF: answered, or gone */
        uint64_t serial; /* of the request */
        char *plan;      /* the step */
        size_t n_plan;
        uint64_t deadline_usec; /* CLOCK_MONOTONIC */
} MountLive;

/** mount_live_start() - begin what a FRAME_MOUNT_APPLY asks for
 * @plan checked
 * Return: 0 and @link is answered later; -EBUSY; negative errno with @reterr. */
int mount_live_start(Shim *s, int link, uint64_t serial, const void *plan, size_t n_plan,
                     Fault *reterr);
/** mount_live_check() - answer, if there is something to say */
void mount_live_check(Shim *s);
/** mount_live_abort() - PID 1 has ended */
void mount_live_abort(Shim *s);
/** mount_live_timeout() - µs until mount_live_check() has to be called; UINT64_MAX: only when
 * MountLive.result can be read */
uint64_t mount_live_timeout(const Shim *s);
/** mount_live_forget_link() - @link is being closed */
void mount_live_forget_link(Shim *s, int link);
