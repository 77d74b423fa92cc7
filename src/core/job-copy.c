/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copying files into and out of a machine. Of one that runs, the shim hands out what the worker
 * enters; once PID 1 has ended the worker leaves by itself, and so keeps no mount of a machine that
 * has stopped. Of another one that keeps its writable layer, the worker puts the files together by
 * the plan of the next start, which has to wait for it. */
#include "base/io.h"
#include "base/text.h"
#include "core/job-image.h"
#include "core/job-order.h"
#include "core/launch.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/mounted-image.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define N_NAMESPACES 3

/* What is to be a job as soon as the shim, or who mounts the disk image, has answered. */
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

/* @r what came of it so far */
static void begin(Pending *p, int r, Fault *f)
{
        Request *request = p->request;
        Job *j = NULL;

        p->order.object = p->machine;
        p->order.of_machine = true;
        p->order.token = p->token;
        if (r >= 0)
                r = job_start(request->manager, &p->order, &j, f);
        if (r < 0)
                request_fail(request, f);
        else
                request_answer(request, &(Answer){.job = j, .terminal_fd = -EBADF});
        pending_free(p);
}

/* ---- of a machine that runs ---- */

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

static int given(const Fault *fault, Fault *reterr)
{
        return fault ? fault_set(reterr, fault->code, fault->error, "%s", fault->message ?: "")
                     : -EPIPE;
}

static void on_namespaces(void *userdata, Frame *reply, const Fault *fault)
{
        Pending *p = userdata;
        _cleanup_fault_ Fault f = {0};
        int r;

        if (!p->request->done) /* who wanted it has gone, and nothing has begun */
                r = -ECANCELED;
        else
                r = reply ? take_namespaces(p, reply, &f) : given(fault, &f);
        begin(p, r, &f);
}

static int ask_shim(Machine *m, Pending *p, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        link_begin(m->link, &w, FRAME_NAMESPACES);
        return link_send(m->link, &w, on_namespaces, p, reterr);
}

/* ---- of one that does not ---- */

static int check_stopped(const Machine *m, Fault *reterr)
{
        if (m->load_error.code != FAULT_NONE)
                return fault_set(reterr, FAULT_START_FAILED, EINVAL, "%s",
                                 m->load_error.message ?: "");
        if (m->settings.writable_layer != WRITABLE_LAYER_KEEP ||
            m->settings.writable_medium == WRITABLE_MEDIUM_MEMORY)
                return fault_set(reterr, FAULT_NOT_RUNNING, ESRCH,
                                 "Machine '%s' does not run, and without WritableLayer=keep it has "
                                 "no files but its image's when it does not; start it first",
                                 m->name);
        return job_check_files(m->manager, m->name, reterr);
}

static int add_plan(Machine *m, JobOrder *o, Fault *reterr)
{
        _cleanup_launch_ Launch l = {.uid_lock = -EBADF};
        _cleanup_close_ int fd = -EBADF;
        Image *image;
        int r = launch_prepare(m, false, &l, reterr);

        if (r < 0)
                return r;
        fd = sealed_memfd("lodge-plan", l.plan, l.n_plan);
        if (fd < 0)
                return fault_set(reterr, FAULT_FAILED, fd, "Cannot make a memfd: %s",
                                 strerror(-fd));
        order_add_fd(o, "plan-fd", fd);
        if (m->settings.image && image_find(m->manager, m->settings.image, &image, NULL) >= 0)
                order_hold_layers(o, image);
        return 0;
}

/* Meanwhile other things may have happened to the machine. */
static int add_disk(Pending *p, const Job *j, Frame *result, Fault *reterr)
{
        static const char *const keys[] = {"image-fd", "usr-fd"};
        Machine *m = manager_find(p->request->manager, p->machine);

        if (!m || !machine_is_stopped(m))
                return fault_set(reterr, FAULT_BUSY, EBUSY,
                                 "Machine '%s' was %s meanwhile; try again", p->machine,
                                 m ? "started" : "removed");
        int r = check_stopped(m, reterr);
        r = r < 0 ? r : mounted_image_take(j, result, &m->mounted, reterr);
        if (r < 0)
                return r;
        r = add_plan(m, &p->order, reterr);
        for (size_t i = 0; i < MIN2(m->mounted->n_mounts, ELEMENTSOF(keys)); i++)
                order_add_fd(&p->order, keys[i], m->mounted->mounts[i]);
        mounted_image_free(TAKE_PTR(m->mounted));
        return r;
}

static void on_mounted(void *userdata, Job *j, Frame *result, const Fault *fault)
{
        Pending *p = userdata;
        _cleanup_fault_ Fault f = {0};
        int r;

        if (!p->request->done)
                r = -ECANCELED;
        else
                r = result ? add_disk(p, j, result, &f) : given(fault, &f);
        begin(p, r, &f);
}

static int put_together(Machine *m, Pending *p, Fault *reterr)
{
        Image *image;

        p->order.worker = JOB_FILES;
        p->order.has_files = true;
        if (!m->settings.root_directory && m->settings.image &&
            image_find(m->manager, m->settings.image, &image, NULL) >= 0 &&
            image->kind == IMAGE_RAW)
                return job_attach(image, on_mounted, p, reterr);
        int r = add_plan(m, &p->order, reterr);
        if (r < 0)
                return r;
        _cleanup_fault_ Fault f = {0};
        begin(p, 0, &f); /* which tells the caller */
        return 0;
}

/* ---- of both ---- */

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
        bool stopped = machine_is_stopped(m) && m->job == UNIT_JOB_NONE;
        int r = stopped ? check_stopped(m, reterr) : machine_check_running(m, reterr);

        r = r < 0 ? r : check_path(path, reterr);
        r = r < 0 ? r : check_stream(params, reterr);
        if (r < 0)
                return r;
        Pending *p = g_new0(Pending, 1);
        fill_order(&p->order, m, into, path, params);
        p->machine = g_strdup(m->name);
        p->token = g_strdup(params->token);
        p->request = request_new(m->manager, REQUEST_COMMAND, m->name, to.done, to.userdata);
        r = stopped ? put_together(m, p, reterr) : ask_shim(m, p, reterr);
        if (r < 0) {
                request_free(p->request);
                pending_free(p);
        }
        return r;
}
