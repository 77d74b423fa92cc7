/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A caller's request that core has accepted and answers later, exactly once. */
#pragma once

#include "base/fault.h"
#include "core/cgroup-stats.h"
#include "core/types.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* What a request came to. All is borrowed and gone after the callback, the fd too unless taken. */
struct Answer {
        const Fault *fault; /* NULL: success, and what the request asked for is set */
        Machine *machine;   /* NULL if it is gone */
        Process *process;
        const Job *job;
        int terminal_fd; /* -EBADF: none */
        char *const *lines;
        const Capture *output;
        const LinkStats *stats; /* of each interface inside */
        size_t n_stats;
        const CgroupStats *cgroup; /* likewise; NULL: it has gone meanwhile */
        Network *network;          /* that was made */
};

/* Called from the event loop, or from within the call that made the request. */
typedef void (*AnswerFn)(void *userdata, Answer *answer);

typedef enum RequestKind {
        REQUEST_START,
        REQUEST_STOP,
        REQUEST_RESTART, /* becomes REQUEST_START when the machine has stopped */
        REQUEST_REMOVE,
        REQUEST_WAIT,
        REQUEST_COMMAND, /* a frame that the shim answers with FRAME_DONE or FRAME_OUTPUT */
        REQUEST_EXEC,
        REQUEST_RUN, /* ends with the process, whose output it collects */
        REQUEST_PROCESS_WAIT,
        REQUEST_JOB_WAIT,
        REQUEST_JOB_CANCEL,
        REQUEST_NETWORK, /* what the network's services, and perhaps a shim, are to do */
        REQUEST_RENAME,
} RequestKind;

typedef enum WaitCondition {
        WAIT_RUNNING,
        WAIT_READY,
        WAIT_HEALTHY,
        WAIT_STOPPED,
        WAIT_EXITED,
        _WAIT_CONDITION_MAX,
        _WAIT_CONDITION_INVALID = -EINVAL,
} WaitCondition;

struct Request {
        Manager *manager;
        RequestKind kind;
        char *machine; /* name: the machine may go before the request; NULL: it is about none */
        Job *job;      /* of REQUEST_JOB_..: outlives the request */
        WaitCondition condition;
        AnswerFn done; /* NULL after request_forget() */
        void *userdata;
        sd_event_source *timer;
        Process *process; /* owned until the shim has started it, then borrowed */
        bool process_started, expired;
        bool is_attached; /* of REQUEST_START: to PID 1's streams */
        Capture *capture; /* REQUEST_RUN */
};

/** request_new() - register a request with the manager
 * @machine name; copied; may be NULL
 * Return: the request; freed by request_answer(). */
Request *request_new(Manager *manager, RequestKind kind, const char *machine, AnswerFn done,
                     void *userdata);

/** request_answer() - tell the caller, and free the request
 * @a what it came to; machine is filled in if NULL and there is one of that name */
void request_answer(Request *r, Answer *a);

/** request_fail() - answer with a fault
 * @f borrowed; an empty one stands for lack of memory */
void request_fail(Request *r, const Fault *f);

/** request_set_timeout() - answer with TimedOut after so long
 * @usec from now; UINT64_MAX: never */
void request_set_timeout(Request *r, uint64_t usec);

/** request_forget() - the caller is gone: what was begun goes on, nobody is told
 * @userdata as given to request_new() */
void request_forget(Manager *manager, void *userdata);

/** requests_follow() - a machine has another name: who waits for it goes on waiting */
void requests_follow(Manager *manager, const char *from, const char *to);

/** request_free() - drop it without an answer */
void request_free(Request *r);

/** wait_condition_from_name() - "running", "ready", "healthy", "stopped", "exited"
 * Return: the condition; _WAIT_CONDITION_INVALID. */
WaitCondition wait_condition_from_name(const char *name);
