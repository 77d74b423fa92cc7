/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The supervisor of one machine: what it knows, and the parts that its loop calls. */
#pragma once

#include "shim/launch.h"
#include "shim/notify.h"
#include "shim/output.h"
#include "wire/exit-record.h"
#include "wire/frame.h"
#include "wire/plan.h"

#include <stdbool.h>
#include <stdint.h>

#define SHIM_LINKS_MAX     8
#define SHIM_PROCESSES_MAX 256

/* A program that exec started. */
typedef struct ExecProcess {
        uint64_t id; /* lodged's */
        pid_t pid;
        int pidfd;
        int errors; /* pipe: end of file once the program runs, a Failure if it cannot */
        int master; /* terminal to hand over with the answer, or -EBADF */
        int link;   /* whom to answer; -EBADF: answered, or gone */
        uint64_t serial;
        bool failed; /* the program never ran, which has been answered */
} ExecProcess;

typedef struct Stop {
        bool requested;
        bool sent;                          /* the signal is delivered */
        bool timed_out;                     /* killed at the deadline */
        uint64_t since_usec, deadline_usec; /* CLOCK_MONOTONIC; UINT64_MAX: none */
} Stop;

typedef struct Shim {
        const char *name;
        void *plan;
        size_t n_plan;
        int uid_lock;    /* held as long as we live */
        int unit_cgroup; /* lodge@NAME.service; guest below payload/, exec'd programs in payload or
                            exec */
        int payload_cgroup;
        int signals; /* signalfd */
        int notify;
        char notify_path[128];
        int control;               /* listening: a restarted lodged connects here */
        int links[SHIM_LINKS_MAX]; /* connections to lodged; the first is usually our own */
        size_t n_links;

        ShimState state;
        Leader leader;
        Output output;
        ExecProcess *processes;
        size_t n_processes;
        Stop stop;
        uint32_t boot_count;
        uint64_t started_usec, ready_usec; /* CLOCK_REALTIME */
        uint64_t launched_usec;            /* CLOCK_MONOTONIC */
        uint64_t oom_kills;                /* at the start of PID 1 */
        char status_text[NOTIFY_STATUS_MAX];
} Shim;

/* ---- link.c: frames to and from lodged ---- */

/** link_fetch_plan() - connect to lodged and get the plan
 * Tries again while lodged is being restarted.
 * @attach clients' descriptors that came along, for output_attach(); -EBADF: none
 * Return: 0; -ECANCELED SIGTERM; negative errno with @reterr. */
int link_fetch_plan(Shim *s, int attach[static 3], Fault *reterr);
/** link_listen() - open the control socket in the unit's runtime directory; Return: 0, negative
 * errno. */
int link_listen(Shim *s);
/** link_accept() - take a connection to the control socket, from root only */
void link_accept(Shim *s);
/** link_dispatch() - handle what came over links[@i]; closes it if it is broken */
void link_dispatch(Shim *s, size_t i);
/** link_broadcast() - send a frame to every link; one that does not take it is closed */
void link_broadcast(Shim *s, FrameWriter *w);
/** link_send_state() - tell everybody the state */
void link_send_state(Shim *s);
/** link_reply_error() - answer a request with an error */
void link_reply_error(Shim *s, int link, uint64_t serial, const Fault *f);

/* ---- exec.c: programs beside PID 1 ---- */

/** exec_start() - start a program as a FRAME_EXEC tells; answers @link itself, at once or later */
void exec_start(Shim *s, int link, const Frame *request);
/** exec_signal() - Return: 0; -ESRCH no such process. */
int exec_signal(Shim *s, uint64_t id, int sig);
/** exec_check() - collect programs that have started, failed or ended */
void exec_check(Shim *s);
/** exec_forget_link() - @link is being closed */
void exec_forget_link(Shim *s, int link);

/* ---- stop.c ---- */

/** stop_request() - begin to stop, or to stop sooner
 * @timeout_usec until everything is killed; UINT64_MAX: as the plan says. A later call can only
 *   shorten it. */
void stop_request(Shim *s, uint64_t timeout_usec);
/** stop_tick() - send the signal when PID 1 can take it, kill at the deadline
 * Return: µs until it wants to be called again; UINT64_MAX: nothing to wait for. */
uint64_t stop_tick(Shim *s);

/* ---- supervise.c ---- */

/** supervise() - run the machine until it has ended, over reboots from inside
 * @ret how it ended; caller calls exit_record_done()
 * Return: 0; negative errno: PID 1 was never started, @ret says why. */
int supervise(Shim *s, int attach[static 3], ExitRecord *ret);
