/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a machine's shim says, and what callers ask of it. The shim is ours, but what it passes on
 * is the guest's: shown, never used. */
#include "core/machine.h"

#include "base/io.h"
#include "base/text.h"
#include "core/event.h"
#include "core/image.h"
#include "core/job-pause.h"
#include "core/job.h"
#include "core/launch.h"
#include "core/machine-health.h"
#include "core/machine-limits.h"
#include "core/machine-mounts.h"
#include "core/machine-network.h"
#include "core/manager.h"
#include "core/mounted-image.h"
#include "core/process.h"
#include "core/registry.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#define STATUS_TEXT_MAX 512
#define PROCESSES_MAX   1024 /* that a shim may tell of */
#define END_TEXT_MAX    1024

/* ---- what it says ---- */

static void apply_status_text(Machine *m, const Frame *f)
{
        _cleanup_free_ char *text =
                text_for_display(frame_string(f, FRAME_STATUS_TEXT) ?: "", STATUS_TEXT_MAX);

        if (streq(text, m->status_text) || (text && !*text && !m->status_text))
                return;
        g_free(m->status_text);
        m->status_text = TAKE_PTR(text);
        manager_note_change(m, MACHINE_CHANGED_STATUS_TEXT);
}

static MachineState state_of_shim(const Frame *f)
{
        bool paused = frame_number(f, FRAME_PAUSED, 0) > 0;

        switch (frame_number(f, FRAME_RUN_STATE, 0)) {
        case SHIM_RUNNING: return paused ? MACHINE_PAUSED : MACHINE_RUNNING;
        case SHIM_READY: return paused ? MACHINE_PAUSED : MACHINE_READY;
        case SHIM_STOPPING: return MACHINE_STOPPING;
        default: return MACHINE_STARTING;
        }
}

static void apply_ifindexes(Machine *m, const Frame *f)
{
        size_t offset = 0;
        Frame told;

        m->n_ifindexes = 0;
        while (m->n_ifindexes < ELEMENTSOF(m->ifindexes) &&
               frame_next_group(f, FRAME_IFINDEX, &offset, &told)) {
                uint64_t index = frame_number(&told, FRAME_IFINDEX, 0);

                if (index > 0 && index <= INT32_MAX)
                        m->ifindexes[m->n_ifindexes++] = (int)index;
        }
}

/* Those of a machine that a restarted lodged finds running have been told of. */
static void apply_oom_kills(Machine *m, const Frame *f)
{
        uint64_t before = m->oom_kills;

        m->oom_kills = frame_number(f, FRAME_OOM, 0);
        if (m->oom_kills <= before || g_hash_table_contains(m->manager->adopting, m))
                return;
        uint64_t n = m->oom_kills - before;
        _cleanup_free_ char *reason =
                n == 1 ? g_strdup("The kernel has killed a process of it")
                       : g_strdup_printf("The kernel has killed %" PRIu64 " processes of it", n);
        machine_emit(m, "oom-kill", reason);
}

static void apply_state(Machine *m, const Frame *f)
{
        MachineState state = state_of_shim(f);

        m->leader = (uint32_t)frame_number(f, FRAME_LEADER, 0);
        m->supervisor = (uint32_t)frame_number(f, FRAME_PID, 0);
        m->uid_base = (uint32_t)frame_number(f, FRAME_UID_BASE, 0);
        m->started_usec = frame_number(f, FRAME_STARTED, 0);
        m->ready_usec = frame_number(f, FRAME_READY, 0);
        m->paused_usec = frame_number(f, FRAME_PAUSED, 0);
        m->boot_count = (uint32_t)frame_number(f, FRAME_BOOT_COUNT, 0);
        apply_ifindexes(m, f);
        machine_mounts_told(m, f);
        m->has_run = m->has_run || m->started_usec != 0;
        m->was_ready = m->was_ready || m->ready_usec != 0;
        if (m->begun_usec == 0) /* adopted */
                m->begun_usec = m->started_usec;
        manager_note_change(m, MACHINE_CHANGED_RUN);
        apply_status_text(m, f);
        machine_set_health(m, f);
        apply_oom_kills(m, f);
        if (!m->stop_requested)
                machine_set_state(m, state);
        if (m->paused_usec == 0)
                job_pause_lost(m);
        registry_update(m);
        machine_check_started(m);
}

static char *shown_or_null(const Frame *f, FrameTag tag)
{
        const char *s = frame_string(f, tag);

        return s ? text_for_display(s, END_TEXT_MAX) : NULL;
}

static void apply_end(Machine *m, const Frame *f)
{
        ExitRecord r = {.status = -1};

        /* the record has the output, too */
        if (manager_read_exit(m->manager, m->name, &r) < 0 || r.when_usec < m->begun_usec) {
                exit_record_done(&r);
                r = (ExitRecord){
                        .cause = shown_or_null(f, FRAME_CAUSE) ?: g_strdup(EXIT_CAUSE_FAILED),
                        .phase = shown_or_null(f, FRAME_PHASE),
                        .object = shown_or_null(f, FRAME_OBJECT),
                        .message = shown_or_null(f, FRAME_MESSAGE),
                        .error = (int)frame_number(f, FRAME_ERRNO, 0),
                        .status = (int)frame_number(f, FRAME_STATUS, UINT64_MAX),
                        .signal = (int)frame_number(f, FRAME_SIGNAL, 0),
                        .when_usec = now_usec(CLOCK_REALTIME),
                };
        }
        if (f->type == FRAME_FAILED) {
                uint64_t code = frame_number(f, FRAME_CODE, 0);

                if (code == FAULT_NO_SPACE || code == FAULT_NOT_SUPPORTED ||
                    code == FAULT_TIMED_OUT)
                        m->end_code = (FaultCode)code;
        }
        machine_set_end(m, &r);
        machine_set_state(m, MACHINE_STOPPING); /* until its unit is gone */
        registry_update(m);
}

static void on_frame(void *userdata, Link *link, Frame *f)
{
        Machine *m = userdata;
        Process *p;

        switch (f->type) {
        case FRAME_STATE: apply_state(m, f); break;
        case FRAME_FAILED:
        case FRAME_EXITED: apply_end(m, f); break;
        case FRAME_EXEC_EXITED:
                p = manager_find_process(m->manager, m->name, frame_number(f, FRAME_ID, 0));
                if (p)
                        process_exited(p, (int)frame_number(f, FRAME_STATUS, 255),
                                       (int)frame_number(f, FRAME_SIGNAL, 0));
                break;
        default: break; /* of a later release */
        }
}

static void on_closed(void *userdata, Link *link)
{
        Machine *m = userdata;

        m->link = link_close(m->link);
        machine_lost(m);
        manager_adoption_step(m->manager, m);
}

const LinkHandlers machine_link_handlers = {on_frame, on_closed};

/* ---- a shim that wants its plan ---- */

void machine_refuse(Link *link, const Fault *f)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        link_begin(link, &w, FRAME_REFUSED);
        frame_add_number(&w, FRAME_CODE, f->code);
        frame_add_number(&w, FRAME_ERRNO, (uint64_t)f->error);
        frame_add_string(&w, FRAME_MESSAGE, f->message);
        (void)link_send(link, &w, NULL, NULL, NULL); /* gone: then it needs no reason */
        link_close(link);
}

static int send_plan(Machine *m, Link *link, const Launch *l, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_close_ int fd = sealed_memfd("lodge-plan", l->plan, l->n_plan);

        if (fd < 0)
                return fault_set(reterr, FAULT_FAILED, fd, "Cannot make a memfd: %s",
                                 strerror(-fd));
        link_begin(link, &w, FRAME_PLAN);
        frame_add_string(&w, FRAME_OBJECT, m->settings.image ?: m->settings.root_directory);
        frame_add_fd(&w, fd);
        frame_add_fd(&w, l->uid_lock);
        for (size_t i = 0; m->mounted && i < m->mounted->n_mounts; i++)
                frame_add_fd(&w, m->mounted->mounts[i]);
        for (int i = 0; i < 3; i++) {
                if (m->attach_fds[i] < 0)
                        continue;
                frame_add_number(&w, FRAME_FD_MAP, (uint64_t)i);
                frame_add_fd(&w, m->attach_fds[i]);
        }
        return link_send(link, &w, NULL, NULL, reterr);
}

static void refuse_start(Machine *m, const Fault *f)
{
        static const FaultCode told[] = {FAULT_NO_SUCH_IMAGE, FAULT_NO_SUCH_NETWORK, FAULT_EXISTS,
                                         FAULT_NO_SPACE,      FAULT_NOT_SUPPORTED,   FAULT_BUSY};
        Link *link = TAKE_PTR(m->link);
        ExitRecord r = {
                .cause = g_strdup(EXIT_CAUSE_FAILED),
                .phase = g_strdup("plan"),
                .object = g_strdup(m->settings.image ?: m->settings.root_directory),
                .message = g_strdup(f->message),
                .error = f->error,
                .status = -1,
                .when_usec = now_usec(CLOCK_REALTIME),
        };

        manager_write_exit(m->manager, m->name, &r);
        machine_set_end(m, &r);
        m->end_code = FAULT_START_FAILED;
        for (size_t i = 0; i < ELEMENTSOF(told); i++)
                if (f->code == told[i])
                        m->end_code = told[i];
        machine_refuse(link, f);
        machine_lost(m);
}

/* Return: 1 it is begun, and machine_launch() is called again; 0 there is nothing to mount. */
static int begin_mount(Machine *m, Fault *reterr)
{
        Image *image;

        if (m->mounted || m->settings.root_directory || !m->settings.image ||
            image_find(m->manager, m->settings.image, &image, NULL) < 0 || image->kind != IMAGE_RAW)
                return 0;
        int r = mounted_image_begin(m, image, reterr);
        return r < 0 ? r : 1;
}

void machine_launch(Machine *m, const Fault *refusal)
{
        _cleanup_launch_ Launch l = {.uid_lock = -EBADF};
        _cleanup_fault_ Fault f = {0};
        int r = 0;

        if (refusal)
                r = fault_set(&f, refusal->code, refusal->error, "%s", refusal->message);
        else if (m->load_error.code != FAULT_NONE)
                r = fault_set(&f, FAULT_START_FAILED, EINVAL, "%s", m->load_error.message ?: "");
        if (r >= 0)
                r = job_check_files(m->manager, m->name, &f);
        if (r >= 0)
                r = machine_limits_await(m, &f);
        if (r == 0)
                r = begin_mount(m, &f);
        if (r == 0)
                r = machine_network_await(m, &f);
        if (r > 0)
                return;
        if (r >= 0)
                r = launch_prepare(m, true, &l, &f);
        if (r >= 0) {
                m->uid_base = l.uid_base; /* to be released even if nothing more is heard of it */
                r = send_plan(m, m->link, &l, &f);
        }
        mounted_image_end(m);
        for (int i = 0; i < 3; i++)
                m->attach_fds[i] = close_fd(m->attach_fds[i]);
        if (r == -EPIPE) { /* stopped or killed before it had its plan: its unit's end tells */
                m->link = link_close(m->link);
                machine_lost(m);
                return;
        }
        if (r < 0) {
                (void)fault_set(&f, FAULT_START_FAILED, r, "%s", strerror(-r));
                refuse_start(m, &f);
                return;
        }
        manager_note_change(m, MACHINE_CHANGED_RUN);
}

static void begin_run_of_systemctl(Machine *m)
{
        machine_begin_run(m);
        machine_limits_apply(m);
}

void machine_hello(Machine *m, Link *link)
{
        bool is_stopped = m->stop_requested && m->job == UNIT_JOB_STOP;

        machine_load(m);                                 /* what the file says now counts */
        if (m->state != MACHINE_STARTING && !is_stopped) /* systemctl's start comes unannounced */
                begin_run_of_systemctl(m);
        manager_forget_exit(m->manager, m->name);
        link_set_handlers(link, &machine_link_handlers, m);
        m->link = link;
        /* a stop of ours may have come while the shim was on its way: systemd tells it, and without
         * a plan there is nothing in it that would take its time to end */
        if (!is_stopped && !registry_must_check(m))
                machine_launch(m, NULL);
}

/* ---- a shim of an earlier lodged ---- */

static void adopt_processes(Machine *m, const Frame *f)
{
        size_t offset = 0, n = 0;
        Frame told;

        while (n++ < PROCESSES_MAX && frame_next_group(f, FRAME_ID, &offset, &told))
                process_adopt(m, &told);
}

static void on_query_reply(void *userdata, Frame *reply, const Fault *fault)
{
        Machine *m = userdata;

        if (reply && reply->type == FRAME_STATE) {
                adopt_processes(m, reply); /* first: new ones must not get their numbers */
                apply_state(m, reply);
                /* the lodged before may have been killed on the way from the file to systemd */
                machine_limits_apply(m);
                machine_health_adopt(m);
        }
        manager_adoption_step(m->manager, m);
}

int machine_adopt(Machine *m, int fd)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        int r = link_new(m->manager->event, fd, &machine_link_handlers, m, &m->link);

        if (r < 0) {
                (void)close_fd(fd);
                return r;
        }
        machine_begin_run(m);
        m->begun_usec = 0;
        link_begin(m->link, &w, FRAME_QUERY);
        r = link_send(m->link, &w, on_query_reply, m, NULL);
        if (r < 0)
                m->link = link_close(m->link);
        return r;
}

/* ---- requests to it ---- */

void machine_on_command_reply(void *userdata, Frame *reply, const Fault *fault)
{
        Request *r = userdata;
        _cleanup_fault_ Fault f = {0};
        _cleanup_strv_free_ char **lines = NULL;
        Answer answer = {.terminal_fd = -EBADF};

        if (reply && reply->type == FRAME_ERROR) {
                (void)frame_fault(reply, &f);
                fault = &f;
        }
        if (reply && reply->type == FRAME_OUTPUT)
                (void)frame_strv(reply, FRAME_LINE, &lines);
        if (fault) {
                request_fail(r, fault);
                return;
        }
        answer.lines = lines;
        request_answer(r, &answer);
}

int machine_send_command(Machine *m, FrameWriter *w, LinkReplyFn reply, AnswerFn done,
                         void *userdata, Fault *reterr)
{
        Request *request = request_new(m->manager, REQUEST_COMMAND, m->name, NULL, NULL);
        int r = link_send(m->link, w, reply, request, reterr);

        if (r < 0) {
                request_free(request);
                return r;
        }
        request->done = done;
        request->userdata = userdata;
        return 0;
}

static int send_command(Machine *m, FrameWriter *w, AnswerFn done, void *userdata, Fault *reterr)
{
        return machine_send_command(m, w, machine_on_command_reply, done, userdata, reterr);
}

int machine_kill(Machine *m, bool all, int sig, AnswerFn done, void *userdata, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        int r = machine_check_running(m, reterr);

        if (r < 0)
                return r;
        link_begin(m->link, &w, FRAME_KILL);
        frame_add_number(&w, FRAME_WHOM, all);
        frame_add_number(&w, FRAME_SIGNAL, (uint64_t)sig);
        return send_command(m, &w, done, userdata, reterr);
}

static int send_plain(Machine *m, FrameType type, AnswerFn done, void *userdata, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        int r = machine_check_running(m, reterr);

        if (r < 0)
                return r;
        link_begin(m->link, &w, type);
        return send_command(m, &w, done, userdata, reterr);
}

int machine_pause(Machine *m, AnswerFn done, void *userdata, Fault *reterr)
{
        return send_plain(m, FRAME_PAUSE, done, userdata, reterr);
}

int machine_resume(Machine *m, AnswerFn done, void *userdata, Fault *reterr)
{
        return send_plain(m, FRAME_RESUME, done, userdata, reterr);
}

int machine_attach(Machine *m, const int *stdio, AnswerFn done, void *userdata, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        int r = machine_check_running(m, reterr);

        if (r < 0)
                return r;
        link_begin(m->link, &w, FRAME_ATTACH);
        for (int i = 0; i < 3; i++) {
                if (stdio[i] < 0)
                        continue;
                frame_add_number(&w, FRAME_FD_MAP, (uint64_t)i);
                frame_add_fd(&w, stdio[i]);
        }
        return send_command(m, &w, done, userdata, reterr);
}

int machine_resize(Machine *m, uint16_t rows, uint16_t columns, AnswerFn done, void *userdata,
                   Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        int r = machine_check_running(m, reterr);

        if (r < 0)
                return r;
        link_begin(m->link, &w, FRAME_RESIZE);
        frame_add_number(&w, FRAME_ROWS, rows);
        frame_add_number(&w, FRAME_COLUMNS, columns);
        return send_command(m, &w, done, userdata, reterr);
}

int machine_read_output(Machine *m, AnswerFn done, void *userdata, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        if (m->link && !m->has_end) {
                link_begin(m->link, &w, FRAME_OUTPUT);
                return send_command(m, &w, done, userdata, reterr);
        }
        request_answer(request_new(m->manager, REQUEST_COMMAND, m->name, done, userdata),
                       &(Answer){.lines = m->end.output, .terminal_fd = -EBADF});
        return 0;
}
