/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/process.h"

#include "base/text.h"
#include "core/capture.h"
#include "core/link.h"
#include "core/machine.h"
#include "core/manager.h"

#include <signal.h>

#define EXPIRY_USEC (30 * UINT64_C(1000000))

static Process *process_new(Machine *m, uint64_t id, char *const *argv, const char *user)
{
        Process *p = g_new0(Process, 1);

        p->manager = m->manager;
        p->machine = g_strdup(m->name);
        p->id = id;
        p->key = g_strdup_printf("%s/%" G_GUINT64_FORMAT, m->name, p->id);
        p->argv = g_strdupv((char **)argv);
        strv_limit(&p->argv, PROCESS_COMMAND_MAX);
        p->user_storage = g_strdup(user ?: "");
        p->user = p->user_storage;
        p->state = "running";
        p->status = -1;
        return p;
}

void process_free(Process *p)
{
        if (!p)
                return;
        sd_event_source_disable_unref(p->expiry);
        g_free(p->machine);
        g_free(p->key);
        g_strfreev(p->argv);
        g_free(p->user_storage);
        g_free(p);
}

static void add_stdio(FrameWriter *w, const int *stdio)
{
        for (int i = 0; stdio && i < 3; i++) {
                if (stdio[i] < 0)
                        continue;
                frame_add_number(w, FRAME_FD_MAP, (uint64_t)i);
                frame_add_fd(w, stdio[i]);
        }
}

static void write_request(Link *link, FrameWriter *w, const Process *p, const ProcessArgs *args,
                          const int *stdio)
{
        link_begin(link, w, FRAME_EXEC);
        frame_add_number(w, FRAME_ID, p->id);
        frame_add_strv(w, FRAME_ARG, args->argv);
        frame_add_strv(w, FRAME_ENV, args->environment);
        frame_add_string(w, FRAME_USER, args->user);
        frame_add_string(w, FRAME_CWD, args->working_directory);
        frame_add_number(w, FRAME_TTY, args->terminal);
        frame_add_number(w, FRAME_LOGIN, args->login);
        frame_add_number(w, FRAME_ROWS, args->rows);
        frame_add_number(w, FRAME_COLUMNS, args->columns);
        frame_add_number(w, FRAME_OWNER, args->owner);
        frame_add_number(w, FRAME_NEEDS_ROOT, args->needs_root);
        add_stdio(w, stdio);
}

static void on_started(void *userdata, Frame *reply, const Fault *fault)
{
        Request *r = userdata;
        _cleanup_fault_ Fault refused = {0};
        Answer answer = {.terminal_fd = -EBADF};

        if (reply && reply->type != FRAME_EXEC_STARTED) {
                (void)frame_fault(reply, &refused);
                fault = &refused;
        }
        if (fault || !reply) {
                request_fail(r, fault);
                return;
        }

        Process *p = r->process;
        r->process_started = true;
        p->pid = (uint32_t)frame_number(reply, FRAME_PID, 0);
        manager_add_process(r->manager, p);
        if (r->kind == REQUEST_RUN) {
                p->run = r;
                if (r->expired)
                        (void)process_signal(p, SIGKILL, NULL);
                return;
        }
        answer.process = p;
        answer.terminal_fd = reply->n_fds > 0 ? reply->fds[0] : -EBADF;
        request_answer(r, &answer);
}

/* The program would stand still before its first step, and whoever waits for it would not know why.
 */
static int check_not_paused(const Machine *m, Fault *reterr)
{
        return m->state == MACHINE_PAUSED
                       ? fault_set(reterr, FAULT_PAUSED, EBUSY,
                                   "Machine '%s' is paused: it can run nothing until it is resumed",
                                   m->name)
                       : 0;
}

int process_start(Machine *m, const ProcessArgs *args, AnswerFn done, void *userdata, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        int pipes[3] = {-EBADF, -EBADF, -EBADF};
        int r = machine_check_running(m, reterr);

        r = r < 0 ? r : check_not_paused(m, reterr);
        if (r < 0)
                return r;
        Request *request = request_new(m->manager, args->capture ? REQUEST_RUN : REQUEST_EXEC,
                                       m->name, NULL, NULL);
        Process *p = process_new(m, ++m->manager->last_process_id, args->argv, args->user);
        p->owner = args->owner;
        p->needs_root = args->needs_root;
        request->process = p;
        if (args->capture) {
                r = capture_new(m->manager->event, args->input, args->n_input, pipes,
                                &request->capture);
                if (r < 0)
                        (void)fault_set(reterr, FAULT_FAILED, r, "Cannot make pipes: %s",
                                        strerror(-r));
        }
        if (r >= 0) {
                write_request(m->link, &w, p, args, args->capture ? pipes : args->stdio);
                r = link_send(m->link, &w, on_started, request, reterr);
        }
        for (int i = 0; i < 3; i++)
                (void)close_fd(pipes[i]);
        if (r < 0) {
                request_free(request);
                return r;
        }
        request->done = done;
        request->userdata = userdata;
        if (args->capture)
                request_set_timeout(request, args->timeout_usec);
        return 0;
}

static int check_runs(const Process *p, Machine **ret, Fault *reterr)
{
        Machine *m = manager_find(p->manager, p->machine);

        if (p->status >= 0 || !m || !m->link)
                return fault_set(reterr, FAULT_NOT_RUNNING, ESRCH,
                                 "Process %s of machine '%s' has ended", p->key, p->machine);
        *ret = m;
        return 0;
}

static int send_signal(Process *p, int sig, LinkReplyFn reply, void *userdata, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        Machine *m = NULL;
        int r = check_runs(p, &m, reterr);

        if (r < 0 || !m)
                return r;
        link_begin(m->link, &w, FRAME_EXEC_KILL);
        frame_add_number(&w, FRAME_ID, p->id);
        frame_add_number(&w, FRAME_SIGNAL, (uint64_t)sig);
        return link_send(m->link, &w, reply, userdata, reterr);
}

int process_signal(Process *p, int sig, Fault *reterr)
{
        return send_signal(p, sig, NULL, NULL, reterr);
}

int process_kill(Process *p, int sig, AnswerFn done, void *userdata, Fault *reterr)
{
        Request *request = request_new(p->manager, REQUEST_COMMAND, p->machine, NULL, NULL);
        int r = send_signal(p, sig, machine_on_command_reply, request, reterr);

        if (r < 0) {
                request_free(request);
                return r;
        }
        request->done = done;
        request->userdata = userdata;
        return 0;
}

void process_wait(Process *p, uint64_t timeout_usec, AnswerFn done, void *userdata)
{
        Request *request =
                request_new(p->manager, REQUEST_PROCESS_WAIT, p->machine, done, userdata);

        request->process = p;
        if (p->status >= 0)
                request_answer(request, &(Answer){.process = p, .terminal_fd = -EBADF});
        else
                request_set_timeout(request, timeout_usec);
}

static int on_expiry(sd_event_source *source, uint64_t usec, void *userdata)
{
        Process *p = userdata;

        manager_remove_process(p->manager, p);
        return 0;
}

static void set_exited(Process *p, int status, int sig)
{
        p->status = status < 0 ? 255 : status;
        p->signal = sig;
        p->state = "exited";
        (void)sd_event_add_time_relative(p->manager->event, &p->expiry, CLOCK_MONOTONIC,
                                         EXPIRY_USEC, 0, on_expiry, p);
}

void process_adopt(Machine *m, const Frame *told)
{
        uint64_t id = frame_number(told, FRAME_ID, 0);
        uint64_t status = frame_number(told, FRAME_STATUS, UINT64_MAX);
        const char *user = frame_string(told, FRAME_USER);
        _cleanup_strv_free_ char **argv = NULL;

        if (id == 0 || id > INT64_MAX || manager_find_process(m->manager, m->name, id) ||
            frame_strv(told, FRAME_ARG, &argv) < 0)
                return;
        STRV_FOREACH (arg, argv)
                if (!utf8_is_well_formed(*arg))
                        return; /* not what a caller has sent */
        Process *p = process_new(m, id, argv, user && utf8_is_well_formed(user) ? user : NULL);

        p->pid = (uint32_t)frame_number(told, FRAME_PID, 0);
        p->owner = (uint32_t)frame_number(told, FRAME_OWNER, 0);
        p->needs_root = frame_number(told, FRAME_NEEDS_ROOT, 1);
        if (status != UINT64_MAX)
                set_exited(p, (int)status, (int)frame_number(told, FRAME_SIGNAL, 0));
        m->manager->last_process_id = MAX(m->manager->last_process_id, id);
        manager_add_process(m->manager, p);
}

void process_exited(Process *p, int status, int sig)
{
        GPtrArray *requests = p->manager->requests;
        Request *run = TAKE_PTR(p->run);

        if (p->status >= 0)
                return;
        set_exited(p, status, sig);
        manager_process_changed(p->manager, p);
        if (run) {
                Capture *output = run->capture;

                capture_finish(output);
                run->capture = NULL;
                request_answer(run,
                               &(Answer){.process = p, .output = output, .terminal_fd = -EBADF});
                capture_free(output);
        }
        for (guint i = requests->len; i-- > 0;) {
                Request *r = g_ptr_array_index(requests, i);

                if (r->kind == REQUEST_PROCESS_WAIT && r->process == p)
                        request_answer(r, &(Answer){.process = p, .terminal_fd = -EBADF});
        }
}
