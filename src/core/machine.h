/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine: its definition, and the state of its unit and shim as far as known. A machine changes
 * its state by what the shim says and by the end of its unit, in the same way whoever asked for it:
 * a D-Bus caller, systemctl, or the guest itself. */
#pragma once

#include "base/fault.h"
#include "core/definition.h"
#include "core/link.h"
#include "core/request.h"
#include "core/types.h"
#include "spec/settings.h"
#include "wire/exit-record.h"
#include "wire/network-record.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum MachineState {
        MACHINE_STOPPED,
        MACHINE_STARTING,
        MACHINE_RUNNING, /* it is not ready yet, see ReadyWhen= */
        MACHINE_READY,
        MACHINE_PAUSED, /* one that was running or ready */
        MACHINE_STOPPING,
        MACHINE_FAILED, /* stopped, and the last start failed */
        _MACHINE_STATE_MAX,
} MachineState;

typedef enum UnitJob {
        UNIT_JOB_NONE,
        UNIT_JOB_START,
        UNIT_JOB_STOP,
} UnitJob;

/* For reading outside of core/machine*.c. */
struct Machine {
        Manager *manager;
        char *name;
        char *unit;        /* lodge@NAME.service */
        char *former_name; /* NULL: it has not been renamed, as far as this lodged knows */

        DefinitionPlace place;
        Settings settings;
        Fault load_error; /* why the definition cannot be used */
        char **warnings;  /* what in it was ignored, a sentence each; NULL: nothing */

        MachineState state;
        ExitRecord end; /* of the last run or attempt; cause NULL: none known */
        char *status_text;
        ShimHealth health;
        uint32_t health_streak;
        char *health_text;
        uint64_t oom_kills; /* since PID 1 was started */
        uint32_t leader, supervisor, uid_base, boot_count;
        uint64_t started_usec, ready_usec, paused_usec, stopped_usec; /* CLOCK_REALTIME */

        Link *link;          /* to the shim, while there is one */
        UnitJob job;         /* the one we asked systemd for and that has not ended */
        uint64_t begun_usec; /* CLOCK_REALTIME: when this run, or the attempt, began */
        bool has_run;        /* PID 1 ran since then */
        bool was_ready;      /* it was ready since then, perhaps not any more */
        bool has_end;        /* @end is of this run */
        bool stop_requested;
        bool start_cancelled; /* by somebody else, before there was a shim */
        bool unit_failed;     /* what systemd said of its end */
        bool restarts;        /* likewise: it is about to start it again by itself */
        bool awaits_units;    /* the start has to wait until systemd has read its units again */
        FaultCode end_code;   /* which error a start gets that ended so */
        int attach_fds[3];    /* of a caller, for PID 1; owned; -EBADF: none */
        unsigned changes;     /* MachineChange that listeners have not been told */

        bool name_asked;  /* the shim waits until it is known whether the name is free */
        bool is_mounting; /* the shim waits until a worker has mounted the disk image */
        sd_event_source *mount_retry;     /* likewise, for there are too many workers */
        MountedImage *mounted;            /* the disk image, from then until the plan is sent */
        uint32_t registered_leader;       /* as last told to the registry */
        int ifindexes[NETWORK_LINKS_MAX]; /* of the host's ends of its links */
        size_t n_ifindexes;

        GPtrArray *mounts;         /* of this run: machine-mounts.h; NULL: none */
        MountChange *mount_change; /* of them, that is under way */

        MachineNetwork *network; /* of this run; NULL: it has no interfaces */
        bool is_networking;      /* the shim waits for the network's services */

        bool is_limiting;   /* systemd has been told of its limits, and has not answered */
        bool awaits_limits; /* the shim waits for that */
        char *limits_error; /* why systemd has not taken them */
};

/** machine_new() - a stopped machine of that name, its definition not read yet */
Machine *machine_new(Manager *manager, const char *name);
/** machine_free() - forget it; it must not run */
void machine_free(Machine *m);

/** machine_load() - read the definition from disk, again if it was read before
 * A broken one is kept as load_error and makes the machine fail. */
void machine_load(Machine *m);

/** machine_state_name() - the State property */
const char *machine_state_name(const Machine *m);
/** machine_is_stopped() - nothing of it is there: it can be started or removed */
bool machine_is_stopped(const Machine *m);
/** machine_is_up() - PID 1 runs, or is paused, and nobody wants it to stop */
static inline bool machine_is_up(const Machine *m)
{
        return m->state == MACHINE_RUNNING || m->state == MACHINE_READY ||
               m->state == MACHINE_PAUSED;
}
/** machine_check_running() - is there a shim with a PID 1 to talk to?
 * Return: 0; -ESRCH FAULT_NOT_RUNNING. */
int machine_check_running(const Machine *m, Fault *reterr);
/** machine_awaits_plan() - is its shim still waiting for the plan? Then it listens to systemd only
 */
static inline bool machine_awaits_plan(const Machine *m)
{
        return m->name_asked || m->is_mounting || m->is_networking || m->awaits_limits;
}
/** machine_reason() - one sentence on why it is in its state
 * Return: newly allocated, caller frees; "" if there is nothing to say. */
char *machine_reason(const Machine *m);
/** machine_id() - what the guest gets as machine-id: MachineID=, or one made from host and name */
void machine_id(const Machine *m, uint8_t ret[static 16]);
/** machine_volumes() - its setting Volume=; NULL or empty: none */
char *const *machine_volumes(const Machine *m);
/** machine_exit_status() - of the last run: 128 + N for signal N; -1 if there was none */
int machine_exit_status(const Machine *m);

/* ---- machine-run.c, machine-wait.c, machine-shim.c: what callers ask for ---- */

/** machine_start() - ask systemd to start the unit; answered once PID 1 runs, or with ReadyWhen=
 * once the machine is ready, except to who is attached
 * @attach three descriptors for PID 1's streams, or NULL; moved on success
 * Return: 0 and the answer comes; -EBUSY it is not stopped, or another reason at once. */
int machine_start(Machine *m, int *attach, AnswerFn done, void *userdata, Fault *reterr);

typedef enum StopHow {
        STOP_GENTLY,
        STOP_KILL,
} StopHow;

/** machine_stop() - stop it, also while it starts; answered once it is gone
 * @kind         REQUEST_STOP, REQUEST_RESTART, REQUEST_REMOVE: what to do afterwards
 * @timeout_usec until everything is killed; UINT64_MAX: as its definition says
 * Return: 0 and the answer comes, at once if it is stopped; negative errno. */
int machine_stop(Machine *m, RequestKind kind, StopHow how, uint64_t timeout_usec, AnswerFn done,
                 void *userdata, Fault *reterr);

/** machine_remove() - remove definition and writable layer
 * @force stop it first
 * Return: 0 and the answer comes; -EBUSY it is not stopped. */
int machine_remove(Machine *m, bool force, AnswerFn done, void *userdata, Fault *reterr);

/** machine_reset() - throw its writable layer away
 * Return: 0; -EBUSY it is not stopped. */
int machine_reset(Machine *m, Fault *reterr);
/** machine_wait() - answer when the condition is met
 * @timeout_usec UINT64_MAX: never give up */
void machine_wait(Machine *m, WaitCondition condition, uint64_t timeout_usec, AnswerFn done,
                  void *userdata);

/* What the shim does for a caller; each is answered by the shim. Return: 0; -ESRCH not running. */

/** machine_kill() - signal PID 1, or @all processes */
int machine_kill(Machine *m, bool all, int sig, AnswerFn done, void *userdata, Fault *reterr);
/** machine_health_name() - the Health property */
const char *machine_health_name(const Machine *m);
/** machine_pause() - freeze all its processes; answered once they stand still. No error if they do
 */
int machine_pause(Machine *m, AnswerFn done, void *userdata, Fault *reterr);
/** machine_resume() - let them run on; no error if they do */
int machine_resume(Machine *m, AnswerFn done, void *userdata, Fault *reterr);
/** machine_attach() - PID 1's output to the caller's descriptors
 * @stdio three, borrowed; -EBADF: none */
int machine_attach(Machine *m, const int *stdio, AnswerFn done, void *userdata, Fault *reterr);
/** machine_resize() - set the window size of PID 1's terminal */
int machine_resize(Machine *m, uint16_t rows, uint16_t columns, AnswerFn done, void *userdata,
                   Fault *reterr);
/** machine_read_output() - PID 1's last lines, also of the last run if it is stopped */
int machine_read_output(Machine *m, AnswerFn done, void *userdata, Fault *reterr);
/** machine_on_command_reply() - LinkReplyFn for what the shim answers with FRAME_DONE
 * @userdata Request */
void machine_on_command_reply(void *userdata, Frame *reply, const Fault *fault);

/** machine_send_command() - send a begun frame for a caller
 * @reply gets the Request, which it answers
 * Return: 0 and the answer comes; negative errno. */
int machine_send_command(Machine *m, FrameWriter *w, LinkReplyFn reply, AnswerFn done,
                         void *userdata, Fault *reterr);

/* ---- machine-run.c, machine-shim.c: what happens to it ---- */

/** machine_hello() - a shim of this machine's unit wants its plan
 * @link consumed, closed on failure */
void machine_hello(Machine *m, Link *link);
/** machine_launch() - its shim waits: send the plan
 * @refusal do not; may be NULL */
void machine_launch(Machine *m, const Fault *refusal);
/** machine_adopt() - connect to the shim that was started under an earlier lodged
 * @fd connected; consumed
 * Return: 0; negative errno. */
int machine_adopt(Machine *m, int fd);
/** machine_refuse() - tell a shim why it gets no plan, and close the link */
void machine_refuse(Link *link, const Fault *f);
/** machine_lost() - its unit is active but no shim answers: wait for the unit's end */
void machine_lost(Machine *m);
/** machine_job_done() - the job we asked for has ended
 * @result systemd's word: "done", "failed", "canceled", "timeout", "dependency" ..
 * @error  of a job that could not even be made; may be NULL */
void machine_job_done(Machine *m, UnitJob job, const char *result, const char *error);
/** machine_units_read() - systemd has read the units, or will not: start it, if that waits for it
 * May free the machine. */
void machine_units_read(Machine *m);
/** machine_ended() - nothing of the unit is left; may free the machine */
void machine_ended(Machine *m);

/* ---- among core/machine*.c ---- */

extern const LinkHandlers machine_link_handlers;

/** machine_load_end() - read from disk how the last run of a stopped machine has ended */
void machine_load_end(Machine *m);
/** machine_drop_layer() - throw the writable layer away, unless it is to be kept
 * For when the shim could not do so itself. */
void machine_drop_layer(Machine *m);
/** machine_set_state() - change it and note what changed */
void machine_set_state(Machine *m, MachineState state);
/** machine_set_end() - note how the run ended; @r is emptied */
void machine_set_end(Machine *m, ExitRecord *r);
/** machine_begin_run() - forget the last run, another one begins */
void machine_begin_run(Machine *m);
/** machine_set_health() - note what the shim tells of it; @f NULL: it does not run */
void machine_set_health(Machine *m, const Frame *f);
/** machine_requests() - those about a machine, newest first; answering one does not change another
 * Return: unreference it. */
GPtrArray *machine_requests(const Machine *m);
/** machine_has_started() - has it come as far as who asked for the start @r wanted? */
bool machine_has_started(const Machine *m, const Request *r);
/** machine_check_started() - answer those who wait for PID 1 to run or to be ready, if it does */
void machine_check_started(Machine *m);
