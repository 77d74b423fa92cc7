/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/request.h"

#include "base/text.h"
#include "core/capture.h"
#include "core/job.h"
#include "core/manager.h"
#include "core/process.h"

#include <signal.h>

static const char *const wait_conditions[_WAIT_CONDITION_MAX] = {
        [WAIT_RUNNING] = "running", [WAIT_READY] = "ready",   [WAIT_HEALTHY] = "healthy",
        [WAIT_STOPPED] = "stopped", [WAIT_EXITED] = "exited",
};

WaitCondition wait_condition_from_name(const char *name)
{
        for (int i = 0; i < _WAIT_CONDITION_MAX; i++)
                if (streq(name, wait_conditions[i]))
                        return (WaitCondition)i;
        return _WAIT_CONDITION_INVALID;
}

Request *request_new(Manager *manager, RequestKind kind, const char *machine, AnswerFn done,
                     void *userdata)
{
        Request *r = g_new0(Request, 1);

        r->manager = manager;
        r->kind = kind;
        r->machine = g_strdup(machine);
        r->done = done;
        r->userdata = userdata;
        g_ptr_array_add(manager->requests, r);
        return r;
}

void request_free(Request *r)
{
        if (!r)
                return;
        g_ptr_array_remove(r->manager->requests, r);
        sd_event_source_disable_unref(r->timer);
        capture_free(r->capture);
        if (r->process && !r->process_started && r->kind != REQUEST_PROCESS_WAIT)
                process_free(r->process);
        g_free(r->machine);
        g_free(r);
}

void request_answer(Request *r, Answer *a)
{
        AnswerFn done = r->done;
        void *userdata = r->userdata;

        if (!a->machine && r->machine)
                a->machine = manager_find(r->manager, r->machine);
        manager_flush(r->manager); /* who is answered has heard of the change before */
        request_free(r);
        if (done)
                done(userdata, a);
}

void request_fail(Request *r, const Fault *f)
{
        static const Fault oom = {.code = FAULT_FAILED, .error = ENOMEM};

        request_answer(r,
                       &(Answer){.fault = f->code == FAULT_NONE ? &oom : f, .terminal_fd = -EBADF});
}

/* The process of a Run() is killed; its request stays until the process has ended, unheard. */
static void expire_run(Request *r, const Fault *f)
{
        AnswerFn done = TAKE_PTR(r->done);

        r->timer = sd_event_source_disable_unref(r->timer);
        r->expired = true;
        if (r->process_started)
                (void)process_signal(r->process, SIGKILL, NULL); /* if gone, so much the better */
        if (done)
                done(r->userdata, &(Answer){.fault = f, .terminal_fd = -EBADF});
        r->userdata = NULL;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
        Request *r = userdata;
        _cleanup_fault_ Fault f = {0};

        if (r->kind == REQUEST_RUN) {
                (void)fault_set(&f, FAULT_TIMED_OUT, ETIMEDOUT,
                                "The program in machine '%s' did not end in time and was killed",
                                r->machine);
                expire_run(r, &f);
                return 0;
        }
        if (r->job)
                (void)fault_set(&f, FAULT_TIMED_OUT, ETIMEDOUT, "Job %s did not end in time",
                                r->job->id);
        (void)fault_set(&f, FAULT_TIMED_OUT, ETIMEDOUT,
                        "What was waited for did not happen to machine '%s' in time",
                        r->machine ?: "");
        request_fail(r, &f);
        return 0;
}

void request_set_timeout(Request *r, uint64_t usec)
{
        if (usec == UINT64_MAX)
                return;
        (void)sd_event_add_time_relative(r->manager->event, &r->timer, CLOCK_MONOTONIC, usec, 0,
                                         on_timeout, r); /* without memory: no limit */
}

void request_forget(Manager *manager, void *userdata)
{
        for (guint i = manager->requests->len; i-- > 0;) {
                Request *r = g_ptr_array_index(manager->requests, i);

                if (r->userdata != userdata)
                        continue;
                r->done = NULL;
                r->userdata = NULL;
                /* a waiter does nothing but wait; everything else has an effect to finish */
                if (r->kind == REQUEST_WAIT || r->kind == REQUEST_PROCESS_WAIT || r->job)
                        request_free(r);
        }
}

void requests_follow(Manager *manager, const char *from, const char *to)
{
        for (guint i = 0; i < manager->requests->len; i++) {
                Request *r = g_ptr_array_index(manager->requests, i);

                if (!streq(r->machine, from))
                        continue;
                g_free(r->machine);
                r->machine = g_strdup(to);
        }
}
