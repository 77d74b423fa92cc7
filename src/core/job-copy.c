/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copying files into and out of a machine that runs. The shim hands out what the worker enters;
 * once PID 1 has ended the worker leaves by itself, and so keeps no mount of a machine that has
 * stopped. */
#include "base/text.h"
#include "core/job-image.h"
#include "core/job-order.h"
#include "core/machine.h"
#include "core/manager.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define N_NAMESPACES 3

/* What is to be a job as soon as the shim has answered. */
typedef struct Pending {
        Request *request;
        char *machine, *token;
        JobOrder order;
} Pending;

static void pending_free(Pending *p)
{
        order_done(&p->order);
        g_free(p->machine);
        g_free(p->token);
        g_free(p);
}

static int take_namespaces(Pending *p, const Frame *reply, Fault *reterr)
{
        static const char *const keys[N_NAMESPACES] = {"userns-fd", "mountns-fd", "leader-fd"};

        if (reply->type == FRAME_ERROR)
                return frame_fault(reply, reterr);
        if (reply->type != FRAME_DONE || reply->n_fds != N_NAMESPACES)
                return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                 "The supervisor of machine '%s' sent no namespaces", p->machine);
        for (size_t i = 0; i < N_NAMESPACES; i++)
                order_add_fd(&p->order, keys[i], reply->fds[i]);
        return 0;
}

static void on_namespaces(void *userdata, Frame *reply, const Fault *fault)
{
        Pending *p = userdata;
        Request *request = p->request;
        _cleanup_fault_ Fault f = {0};
        Job *j = NULL;
        int r;

        p->order.object = p->machine;
        p->order.token = p->token;
        if (!request->done) /* who wanted it has gone, and nothing has begun */
                r = -ECANCELED;
        else if (!reply)
                r = fault ? fault_set(&f, fault->code, fault->error, "%s", fault->message ?: "")
                          : -EPIPE;
        else
                r = take_namespaces(p, reply, &f);
        if (r >= 0)
                r = job_start(request->manager, &p->order, &j, &f);
        if (r < 0)
                request_fail(request, &f);
        else
                request_answer(request, &(Answer){.job = j, .terminal_fd = -EBADF});
        pending_free(p);
}

static int check_path(const char *path, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(path, 64);

        if (path[0] != '/')
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "'%s' is no path in a machine: it has to begin with '/'",
                                 shown ?: "");
        return strlen(path) < PATH_MAX ? 0
                                       : fault_set(reterr, FAULT_INVALID_OPTION, ENAMETOOLONG,
                                                   "the path is longer than %d bytes", PATH_MAX);
}

/* A worker that is inside a machine gets no directory of the host's. */
static int check_stream(const JobParams *p, Fault *reterr)
{
        struct stat st;

        if (fstat(p->stream, &st) >= 0 && !S_ISDIR(st.st_mode))
                return 0;
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                         "the descriptor is a directory; pass a file or pipe with a tar archive");
}

static int check_runs(const Machine *m, Fault *reterr)
{
        if (machine_is_stopped(m))
                return fault_set(reterr, FAULT_NOT_RUNNING, ESRCH,
                                 "Machine '%s' does not run, and its files are put together only "
                                 "when it does; start it first",
                                 m->name);
        return machine_check_running(m, reterr);
}

static void add_flag(JobOrder *o, const char *key, bool value)
{
        order_add(o, key, value ? "yes" : NULL);
}

static void fill_order(JobOrder *o, const Machine *m, bool into, const char *path,
                       const JobParams *p)
{
        *o = (JobOrder){
                .worker = JOB_COPY,
                .operation = into ? "copy-to" : "copy-from",
                .owner = p->owner,
                .at_once = true,
        };
        order_add(o, "op", o->operation);
        order_add(o, "machine", m->name);
        order_add(o, "path", path);
        order_add_fd(o, into ? "source-fd" : "output-fd", p->stream);
        add_flag(o, "archive", p->archive);
        add_flag(o, "rename", p->rename);
        add_flag(o, "follow-links", p->follow_links);
}

int job_copy(Machine *m, bool into, const char *path, const JobParams *params, JobAnswer to,
             Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        int r = check_runs(m, reterr);

        r = r < 0 ? r : check_path(path, reterr);
        r = r < 0 ? r : check_stream(params, reterr);
        if (r < 0)
                return r;
        Pending *p = g_new0(Pending, 1);
        fill_order(&p->order, m, into, path, params);
        p->machine = g_strdup(m->name);
        p->token = g_strdup(params->token);
        p->request = request_new(m->manager, REQUEST_COMMAND, m->name, NULL, NULL);
        link_begin(m->link, &w, FRAME_NAMESPACES);
        r = link_send(m->link, &w, on_namespaces, p, reterr);
        if (r < 0) {
                request_free(p->request);
                pending_free(p);
                return r;
        }
        p->request->done = to.done;
        p->request->userdata = to.userdata;
        return 0;
}
