/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done in a guest that runs, and so may make each look at one of its paths last for ever:
 * by a child of the supervisor, which goes on meanwhile. One at a time. */
#pragma once

#include "base/cleanup.h"
#include "base/fault.h"
#include "shim/failure.h"
#include "wire/frame.h"

#include <stdint.h>
#include <sys/types.h>

typedef struct Shim Shim;

/* What can be done. */
typedef struct GuestWorkKind {
        const char *what; /* "the mount", for messages */
        /* The child: outside of the guest's pid namespace, so that nobody sees it. Sends one frame
         * to @result, FRAME_DONE or FRAME_ERROR. */
        _noreturn_ void (*work)(Shim *s, int result);
        /* Take over what FRAME_DONE brought; NULL: nothing. Return: 0; negative errno. */
        int (*take)(Shim *s, Frame *f, Fault *reterr);
} GuestWorkKind;

typedef struct GuestWork {
        const GuestWorkKind *kind;
        pid_t pid; /* of the child; 0: none */
        int pidfd;
        int result;      /* socket: a frame, then its end */
        int link;        /* whom to answer; -EBADF: answered, or gone */
        uint64_t serial; /* of the request */
        char *plan;      /* what to do */
        size_t n_plan;
        uint64_t deadline_usec; /* CLOCK_MONOTONIC */
} GuestWork;

/* Nothing is being done. */
#define GUEST_WORK_NONE                                                                            \
        (GuestWork)                                                                                \
        {                                                                                          \
                .pidfd = -EBADF, .result = -EBADF, .link = -EBADF                                  \
        }

/** guest_work_start() - begin what a request asks for
 * @work link, serial, kind; plan is borrowed and copied; deadline_usec: how long it may take
 * Return: 0 and the link is answered later; -EBUSY; negative errno with @reterr. */
int guest_work_start(Shim *s, const GuestWork *work, Fault *reterr);
/** guest_work_check() - answer, if there is something to say */
void guest_work_check(Shim *s);
/** guest_work_abort() - PID 1 has ended */
void guest_work_abort(Shim *s);
/** guest_work_timeout() - µs until guest_work_check() has to be called; UINT64_MAX: only when
 * GuestWork.result can be read */
uint64_t guest_work_timeout(const Shim *s);
/** guest_work_forget_link() - @link is being closed */
void guest_work_forget_link(Shim *s, int link);

/** guest_work_enter() - for the child: become the guest's root in its mount namespace
 * Return: 0; negative errno. */
int guest_work_enter(int leader);
/** guest_work_fail() - for the child: the frame that says why it came to nothing
 * @f if it says nothing: @r */
void guest_work_fail(const Shim *s, FrameWriter *w, int r, Failure *f);
