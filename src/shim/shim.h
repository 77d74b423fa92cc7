/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The supervisor of one machine: what it knows, and the parts that its loop calls. */
#pragma once

#include "shim/exec-output.h"
#include "shim/guest-work.h"
#include "shim/launch.h"
#include "shim/notify.h"
#include "shim/output.h"
#include "shim/payload.h"
#include "sys/sock-diag.h"
#include "wire/exit-record.h"
#include "wire/frame.h"
#include "wire/plan.h"

#include <stdbool.h>
#include <stdint.h>

#define SHIM_LINKS_MAX     8
#define SHIM_PROCESSES_MAX 256
#define SHIM_ENDED_MAX     64
#define PAUSE_HOLDS_MAX    8

/* What another lodged has to know of a program, but for its state. */
typedef struct ExecNote {
        uint64_t id; /* lodged's */
        pid_t pid;
        uint32_t owner;
        bool needs_root;
        char *user, **argv; /* at most PROCESS_COMMAND_MAX bytes of it */
} ExecNote;

/* A program that exec started. */
typedef struct ExecProcess {
        ExecNote note;
        int pidfd;
        int errors; /* pipe: end of file once the program runs, a Failure if it cannot */
        int master; /* terminal to hand over with the answer, or -EBADF */
        int link;   /* whom to answer; -EBADF: answered, or gone */
        uint64_t serial;
        bool failed;      /* the program never ran, which has been answered */
        int error_status; /* likewise, but nobody was there to be answered: 126 or 127 */
} ExecProcess;

/* One that has ended, for a lodged that was not there, or is killed before it has passed it on. */
typedef struct ExecEnded {
        ExecNote note;
        int status, signal;
        bool is_told;
        uint64_t when_usec; /* CLOCK_MONOTONIC */
} ExecEnded;

typedef struct Stop {
        bool requested;
        bool restart;   /* PID 1 alone, which is started again: nobody has asked for a stop */
        bool sent;      /* the signal is delivered */
        bool timed_out; /* killed at the deadline */
        uint64_t since_usec, deadline_usec; /* CLOCK_MONOTONIC; UINT64_MAX: none */
} Stop;

#define HEALTH_TEXT_MAX 512

typedef struct Health {
        ShimHealth state;
        unsigned streak;            /* failures in a row */
        uint64_t begun_usec;        /* CLOCK_MONOTONIC, as the next two: when PID 1 was started */
        uint64_t next_usec;         /* of the next check */
        uint64_t deadline_usec;     /* of the one that runs */
        int pidfd, output;          /* of the one that runs; -EBADF: none */
        int cgroup;                 /* likewise: it and all that it has started */
        bool timed_out;             /* it was killed */
        bool is_dropped;            /* likewise, for it is not the check any more */
        bool gave_up;               /* the machine is being ended for its health */
        char text[HEALTH_TEXT_MAX]; /* what it has printed, the end of it */
        size_t n_text;
        char told[HEALTH_TEXT_MAX];
} Health;

typedef struct Ready {
        bool is_told; /* systemd knows that the unit is active: once, whatever comes then */
        int error;    /* positive: the start was given up for it */
        uint64_t deadline_usec, next_usec; /* CLOCK_MONOTONIC: of the start, to look at the port */
        Netlink sockets;                   /* open while a port is looked at */
} Ready;

/* Something that needs the machine to stand still while it lasts. */
typedef struct PauseHold {
        uint64_t id; /* lodged's */
        int link;
} PauseHold;

/* Somebody who is answered once it stands still. */
typedef struct PauseWaiter {
        int link;
        uint64_t serial;
} PauseWaiter;

typedef struct Pause {
        bool wanted;            /* the payload's cgroup is frozen, or about to be */
        bool is_asked;          /* by a pause, which lasts until a resume */
        uint64_t since_usec;    /* CLOCK_REALTIME: every process stands still; 0: not yet */
        int events;             /* cgroup.events, while that is awaited */
        uint64_t deadline_usec; /* CLOCK_MONOTONIC: likewise */
        PauseHold holds[PAUSE_HOLDS_MAX];
        size_t n_holds;
        PauseWaiter waiters[PAUSE_HOLDS_MAX + 1];
        size_t n_waiters;
} Pause;

typedef struct Oom {
        int events;         /* memory.events of the payload; negative: nobody counts its memory */
        uint64_t before;    /* kills at the start of PID 1 */
        uint64_t told;      /* kills since then that lodged was told of */
        uint64_t look_usec; /* CLOCK_MONOTONIC: when to look; 0: nothing was noticed */
} Oom;

typedef struct Shim {
        const char *name;
        void *plan;
        size_t n_plan;
        char *files; /* a plan of what files_live_start() was told last; NULL: nothing so far */
        size_t n_files;
        LayerLocks locks; /* likewise held */
        Network network;
        Mounts mounts;
        GuestWork work;
        int uid_lock;    /* held as long as we live */
        int images;      /* mount namespace with the mounts of disk images; -EBADF: none */
        int unit_cgroup; /* lodge@NAME.service; guest below payload/, exec'd programs in payload or
                            exec */
        int payload_cgroup;
        int signals; /* signalfd */
        int notify;
        char notify_path[128];
        int asked;                 /* connection to lodged that has not brought the plan yet */
        int control;               /* listening: a restarted lodged connects here */
        int links[SHIM_LINKS_MAX]; /* connections to lodged; the first is usually our own */
        size_t n_links;

        ShimState state;
        Leader leader;
        Output output;
        ExecProcess *processes;
        size_t n_processes;
        ExecOutputs outputs; /* of those, and of some that have ended */
        ExecEnded *ended;    /* oldest first */
        size_t n_ended;
        Stop stop;
        Pause pause;
        Health health;
        void *health_plan; /* mapped: steps in place of the plan's, which are older; NULL: none */
        size_t n_health_plan;
        Oom oom;
        Ready ready;
        bool introduced; /* lodged has this PID 1, and none before it, in systemd-machined's list */
        uint32_t boot_count;
        uint64_t started_usec, ready_usec; /* CLOCK_REALTIME */
        uint64_t launched_usec;            /* CLOCK_MONOTONIC */
        char status_text[NOTIFY_STATUS_MAX];
        uint64_t status_told_usec; /* CLOCK_MONOTONIC: when others last heard of status_text */
        bool status_is_news;       /* they have not heard of this one */
        FaultCode failure;         /* of a start that failed */
} Shim;

/* ---- link.c: frames to and from lodged ---- */

/** link_ask() - connect to lodged and ask for the plan
 * It is made while we set up what needs none. Failures are told by link_fetch_plan(). */
void link_ask(Shim *s);
/** link_fetch_plan() - get the plan that link_ask() has asked for
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
/** link_broadcast() - send a frame to every link; one that does not take it is closed
 * Return: to how many it was sent. */
size_t link_broadcast(Shim *s, FrameWriter *w);
/** link_send_state() - tell everybody the state */
void link_send_state(Shim *s);
/** link_reply_error() - answer a request with an error */
void link_reply_error(Shim *s, int link, uint64_t serial, const Fault *f);

/* ---- namespaces.c ---- */

/** namespaces_send() - answer FRAME_NAMESPACES */
void namespaces_send(Shim *s, int link, uint64_t serial);

/* ---- exec.c: programs beside PID 1 ---- */

/** exec_start() - start a program as a FRAME_EXEC tells; answers @link itself, at once or later */
void exec_start(Shim *s, int link, const Frame *request);
/** exec_signal() - Return: 0; -ESRCH no such process. */
int exec_signal(Shim *s, uint64_t id, int sig);
/** exec_check() - collect programs that have started, failed or ended */
void exec_check(Shim *s);
/** exec_forget_link() - @link is being closed */
void exec_forget_link(Shim *s, int link);

/** exec_inside() - enter the machine and become a program of it; in a child only
 * Return: only on failure, @f says why. */
void exec_inside(const Shim *s, const PayloadArgs *args, Failure *f);

/* ---- exec-note.c: what is told of them to the next lodged ---- */

/** exec_note_take() - note what a FRAME_EXEC asks for; the pid is the caller's to fill in
 * Return: 0; -EEXIST the id is in use; -EBADMSG; -ENOMEM. */
int exec_note_take(const Shim *s, const Frame *request, ExecNote *ret);
/** exec_note_done() - free it */
void exec_note_done(ExecNote *n);
/** exec_remember() - @note has ended and is moved; the oldest ones are forgotten
 * @is_told a lodged has been told */
void exec_remember(Shim *s, ExecNote *note, int status, int sig, bool is_told);
/** exec_tell() - append all programs, running and ended, to an answer to FRAME_QUERY */
void exec_tell(Shim *s, FrameWriter *w);

/* ---- stop.c ---- */

/** stop_request() - begin to stop, or to stop sooner
 * @timeout_usec until everything is killed; UINT64_MAX: as the plan says. A later call can only
 *   shorten it. */
void stop_request(Shim *s, uint64_t timeout_usec);
/** stop_restart() - have PID 1 end as for a stop, and start it again */
void stop_restart(Shim *s);
/** stop_tick() - send the signal when PID 1 can take it, kill at the deadline
 * Return: µs until it wants to be called again; UINT64_MAX: nothing to wait for. */
uint64_t stop_tick(Shim *s);

/* ---- health.c: the health check that the plan may have ---- */

/** health_begin() - PID 1 was started */
void health_begin(Shim *s);
/** health_apply() - check by other steps from now on
 * One with the same command keeps its state. @plan mapped, and taken over */
void health_apply(Shim *s, void *plan, size_t n_plan);
/** health_check() - read what a check has printed, judge one that has ended, start the next */
void health_check(Shim *s);
/** health_timeout() - Return: µs until health_check() wants to be called; UINT64_MAX: never. */
uint64_t health_timeout(const Shim *s);
/** health_resumed() - the machine was paused: what a check did not do then is no failure */
void health_resumed(Shim *s);
/** health_end() - PID 1 has ended: the check, too
 * Return: true once nothing is left of it. */
bool health_end(Shim *s);

/* ---- ready.c: is it ready, and who has to know? ---- */

/** ready_begin() - PID 1 was started */
void ready_begin(Shim *s);
/** ready_tell() - then tell everybody the state, and systemd what it waits for */
void ready_tell(Shim *s);
/** ready_note() - @what has happened: perhaps that is what makes it ready */
void ready_note(Shim *s, PlanReady what);
/** ready_check() - look at the port; give the start up when it is time */
void ready_check(Shim *s);
/** ready_timeout() - Return: µs until ready_check() wants to be called; UINT64_MAX: never. */
uint64_t ready_timeout(const Shim *s);
/** ready_paused() - while it stands still no time passes */
void ready_paused(Shim *s);
/** ready_resumed() - it has all the time of a start again */
void ready_resumed(Shim *s);
/** ready_ended() - this PID 1 has ended */
void ready_ended(Shim *s);
/** ready_end() - the machine has ended: if it never was ready, and should have been, say so
 * @record how it ended */
void ready_end(Shim *s, ExitRecord *record);

/* ---- oom.c: what the kernel kills for want of memory ---- */

/** oom_begin() - PID 1 is about to be started */
void oom_begin(Shim *s);
/** oom_end() - it has ended */
void oom_end(Shim *s);
/** oom_descriptor() - Return: to be polled for POLLPRI; negative: not now. */
int oom_descriptor(const Shim *s);
/** oom_noticed() - that was so */
void oom_noticed(Shim *s);
/** oom_kills() - Return: how many processes were killed since PID 1 was started, with itself. */
uint64_t oom_kills(const Shim *s);
/** oom_check() - tell lodged of new ones, if it is time to look */
void oom_check(Shim *s);
/** oom_timeout() - Return: µs until oom_check() wants to be called; UINT64_MAX: never. */
uint64_t oom_timeout(const Shim *s);

/* ---- pause.c ---- */

/** pause_begin() - freeze every process of the machine; answers @link once they stand still */
void pause_begin(Shim *s, int link, uint64_t serial);
/** pause_hold() - likewise, until pause_release() or the end of @link */
void pause_hold(Shim *s, int link, uint64_t serial, uint64_t id);
/** pause_release() - @id needs it no more; no error if it never did */
void pause_release(Shim *s, uint64_t id);
/** pause_resume() - let them run on, if they are frozen
 * Return: 0; -EBUSY they are held. */
int pause_resume(Shim *s, Fault *reterr);
/** pause_end() - likewise, whoever holds them: the machine is to end */
void pause_end(Shim *s);
/** pause_check() - do they stand still by now, or is it time to give up? */
void pause_check(Shim *s);
/** pause_timeout() - Return: µs until pause_check() wants to be called; UINT64_MAX: never. */
uint64_t pause_timeout(const Shim *s);
/** pause_forget_link() - @link is being closed */
void pause_forget_link(Shim *s, int link);

/* ---- supervise.c ---- */

/** supervise_signals() - act upon the signals that have arrived */
void supervise_signals(Shim *s);

/** supervise() - run the machine until it has ended, over reboots from inside
 * @ret how it ended; caller calls exit_record_done()
 * Return: 0; negative errno: PID 1 was never started, @ret says why. */
int supervise(Shim *s, int attach[static 3], ExitRecord *ret);
