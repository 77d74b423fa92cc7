/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs: work that takes long or reads what strangers wrote, each done by a worker, a unit of its
 * own. The worker connects like a shim, gets its order, and tells of its progress; what it makes in
 * incoming/ID is moved into place by lodged. A worker ends when its connection does, so no job
 * outlives lodged; what a killed lodged has left is swept at the next start. */
#pragma once

#include "base/fault.h"
#include "core/link.h"
#include "core/request.h"
#include "core/types.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#define JOB_ID_SIZE 17 /* 16 hexadecimal digits and the NUL */
#define JOB_FDS_MAX 4

typedef enum JobState {
        JOB_QUEUED, /* shown as running */
        JOB_RUNNING,
        JOB_DONE,
        JOB_FAILED,
        JOB_CANCELLED,
        _JOB_STATE_MAX,
} JobState;

/* Which unit the worker is. */
typedef enum JobWorker {
        JOB_IMPORT, /* the network, archives; reads its own directory only */
        JOB_EXPORT, /* sees the store */
        JOB_WORK,   /* disk images */
        JOB_COPY,   /* enters a machine */
        JOB_FILES,  /* puts together the files of one that does not run, and enters them */
        _JOB_WORKER_MAX,
} JobWorker;

/* Of the machine that it reads. */
typedef enum JobHold {
        JOB_HOLD_NONE,
        JOB_HOLD_ASKED,
        JOB_HELD, /* it stands still */
} JobHold;

typedef struct JobItem {
        char *name, *phase;
        uint64_t bytes, total;
} JobItem;

/* What a job came to, for who has made it; called once, from the event loop.
 * @result NULL: it did not succeed, and @fault says why. The frame's descriptors may be taken. */
typedef void (*JobDoneFn)(void *userdata, Job *j, Frame *result, const Fault *fault);

/* What the worker has made is to be moved into place, and Job.result to be set.
 * Return: 0; negative errno with a sentence: the job has failed. */
typedef int (*JobPlaceFn)(Job *j, Frame *result, Fault *reterr);

typedef struct JobOrder {
        JobWorker worker;
        const char *operation; /* static; shown */
        const char *object;    /* image or machine; shown */
        bool of_machine;       /* it is a machine, which is to be left as it is meanwhile */
        const char *name;      /* of what it makes; NULL: not known yet, or nothing */
        const char *token;     /* the ID to have; NULL or "": any */
        uid_t owner;
        bool is_hidden; /* of lodged's own: is no object, and does not wait for others */
        bool at_once;   /* nor does this, which moves at the speed of who is at the other end */
        bool force;     /* replace what has that name */
        bool has_files; /* while there is anything of it, machine @object keeps its files as it is
                         */
        bool pauses;    /* machine @object stands still, if it runs, until FRAME_LAYER */
        char **args;    /* "key=value"; taken over */
        int fds[JOB_FDS_MAX];
        size_t n_fds;       /* moved */
        bool makes_nothing; /* reads only: it needs no directory, and no room for one */
        bool tell_layers;   /* send the diff_ids that are in the store */
        char **layers;      /* digests that it relies on; taken over; may be NULL */
        void *data;         /* for place; taken over */
        void (*free_data)(void *data);
        JobPlaceFn place; /* may be NULL */
        JobDoneFn done;   /* may be NULL */
        void *userdata;
} JobOrder;

/* For reading outside of core/job*.c. */
struct Job {
        Manager *manager;
        char id[JOB_ID_SIZE];
        JobWorker worker;
        char *unit;
        const char *operation;
        char *object, *name;
        uid_t owner;
        bool is_hidden, at_once, force, has_files, pauses, of_machine, makes_nothing;
        JobHold hold;
        JobState state;
        char *phase;
        uint64_t bytes, total, rate, expected_end_usec;
        uint64_t started_usec; /* CLOCK_REALTIME */
        GArray *items;         /* JobItem */
        char *result, *result_message;
        Fault fault;
        Frame last; /* what the worker said last, not believed before it is gone; type 0: nothing */

        char **args;
        int fds[JOB_FDS_MAX];
        size_t n_fds;
        bool tell_layers;
        void *data;
        void (*free_data)(void *data);
        JobPlaceFn place;
        JobDoneFn done;
        void *userdata;

        GHashTable *layers; /* diff_ids that it relies on: must not be pruned */
        Link *link;
        bool has_unit;    /* the worker's unit may be there */
        bool is_stopping; /* and has been asked to stop */
        uint32_t uid;
        int uid_lock;
        uint64_t sample_usec[8], sample_bytes[8]; /* for the rate, oldest first */
        size_t n_samples;
        sd_event_source *timer; /* it does not connect; or it has ended and is forgotten soon */
};

/** job_start() - make a job, and begin it once there is room
 * @order its args and fds are taken over, also on failure
 * Return: 0; -EINVAL the token is no ID; -EEXIST it is taken; -EBUSY too many wait; -ENOSPC .. */
int job_start(Manager *manager, JobOrder *order, Job **ret, Fault *reterr);

/** job_finished() - a job that is done already, for what took no time
 * Return: as job_start(). */
int job_finished(Manager *manager, JobOrder *order, const char *result, Job **ret, Fault *reterr);

/** job_find() - by its ID
 * Return: 0; -EINVAL FAULT_INVALID_NAME; -ENOENT FAULT_NO_SUCH_JOB. */
int job_find(Manager *manager, const char *id, Job **ret, Fault *reterr);
/** job_find_same() - one that does just this now; NULL if there is none
 * @order without descriptors: who logs in how does not count */
Job *job_find_same(Manager *manager, const JobOrder *order);
/** job_makes() - one that is about to make an image of this name; NULL if there is none */
Job *job_makes(Manager *manager, const char *name);
/** job_of_machine() - one that works on a machine now; NULL if there is none */
Job *job_of_machine(Manager *manager, const char *machine);
/** job_holds_layer() - does a job rely on this layer? */
bool job_holds_layer(Manager *manager, const char *digest);

/** job_check_files() - may something be done with the files of a machine that does not run?
 * Return: 0; -EBUSY FAULT_BUSY a job has them. */
int job_check_files(Manager *manager, const char *machine, Fault *reterr);
/** job_cancel_files() - end the job that has them, if there is one */
void job_cancel_files(Manager *manager, const char *machine);

/** job_state_name() - the State property */
const char *job_state_name(const Job *j);
/** job_is_over() - nothing more will happen, and nothing is left of it but the object */
bool job_is_over(const Job *j);
/** job_progress() - from 0 to 1; -1: not known */
double job_progress(const Job *j);

/** job_cancel() - end it; answered once its worker is gone; at once if it has ended
 * @done NULL: nobody waits */
void job_cancel(Job *j, AnswerFn done, void *userdata);
/** job_wait() - answer when it has ended */
void job_wait(Job *j, uint64_t timeout_usec, AnswerFn done, void *userdata);
/** job_forget_owner() - whoever gave this userdata is not told any more, and the job is cancelled
 */
void job_forget_owner(Manager *manager, void *userdata);

/* ---- what happens to it ---- */

/** job_hello() - a process of @unit wants the order of job @id
 * @link consumed
 * Return: true; false if there is no such job of that unit, and @link is the caller's. */
bool job_hello(Manager *manager, const char *id, const char *unit, Link *link);
/** job_of_unit() - the job whose worker this unit is; NULL if there is none */
Job *job_of_unit(Manager *manager, const char *unit);
/** job_unit_started() - the start of its unit has ended
 * @error NULL: well */
void job_unit_started(Job *j, const char *error);
/** job_unit_ended() - its unit is gone */
void job_unit_ended(Job *j);

/** jobs_sweep() - stop the workers of an earlier lodged, and drop what they have left
 * At start, and when somebody cleans up. */
void jobs_sweep(Manager *manager);
/** jobs_lost_stopped() - the unit of a worker that this lodged has not started is gone */
void jobs_lost_stopped(Manager *manager, const char *unit);
/** job_free() - GDestroyNotify */
void job_free(void *p);
