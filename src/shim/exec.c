/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "shim/payload.h"
#include "shim/shim.h"
#include "sys/cgroup.h"
#include "sys/process.h"
#include "sys/terminal.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>

typedef struct ExecRequest {
        char **argv, **env;
        int stdio[3]; /* borrowed from the frame, or the terminal's slave, /dev/null, or ends */
        int null, master, slave, cgroup, errors[2];
        int ends[2]; /* of pipes to output */
        ExecOutput *output;
} ExecRequest;

static void request_done(ExecRequest *r)
{
        strv_free(r->argv);
        strv_free(r->env);
        (void)close_fd(r->null);
        (void)close_fd(r->master);
        (void)close_fd(r->slave);
        (void)close_fd(r->cgroup);
        (void)close_fd(r->errors[0]);
        (void)close_fd(r->errors[1]);
        (void)close_fd(r->ends[0]);
        (void)close_fd(r->ends[1]);
        (void)exec_output_free(r->output);
}

/* The guest's systemd keeps its processes out of the cgroup root; a child of ours beside its own is
 * fine both for it and for a guest without one, and goes with the payload. */
static int open_cgroup(Shim *s)
{
        return cgroup_open_child(s->payload_cgroup, "exec");
}

/* Who has nowhere to print to prints to the journal. */
static int choose_stdio(ExecRequest *r)
{
        int e = r->slave >= 0 ? 0 : exec_output_new(r->stdio, r->ends, &r->output);

        r->null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (e < 0 || r->null < 0)
                return e < 0 ? e : -errno;
        for (int i = 0; i < 3; i++)
                if (r->slave >= 0)
                        r->stdio[i] = r->slave;
                else if (r->stdio[i] < 0)
                        r->stdio[i] = i == 0 ? r->null : r->ends[i - 1];
        return 0;
}

static int prepare(Shim *s, const Frame *f, ExecRequest *r, Fault *reterr)
{
        int e = frame_strv(f, FRAME_ARG, &r->argv);

        e = e < 0 ? e : frame_strv(f, FRAME_ENV, &r->env);
        e = e < 0 ? e : frame_stdio(f, r->stdio);
        if (e < 0)
                return fault_set(reterr, FAULT_FAILED, e, "malformed request");
        if (frame_number(f, FRAME_TTY, 0)) {
                PlanStep step = {0};

                (void)plan_find(s->plan, s->n_plan, PLAN_USERNS, &step);
                r->master = terminal_open(s->leader.pts, (uid_t)step.a,
                                          (uint16_t)frame_number(f, FRAME_ROWS, 0),
                                          (uint16_t)frame_number(f, FRAME_COLUMNS, 0), &r->slave);
                if (r->master < 0)
                        return fault_set(reterr, FAULT_FAILED, r->master,
                                         "cannot open a terminal: %s", strerror(-r->master));
        }
        r->cgroup = open_cgroup(s);
        e = r->cgroup < 0 ? r->cgroup : choose_stdio(r);
        if (e >= 0 && pipe2(r->errors, O_CLOEXEC) < 0)
                e = -errno;
        return e < 0 ? fault_set(reterr, FAULT_FAILED, e, "cannot prepare: %s", strerror(-e)) : 0;
}

void exec_inside(const Shim *s, const PayloadArgs *args, Failure *f)
{
        int namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
                         CLONE_NEWCGROUP | CLONE_NEWNET;

        if (setns(s->leader.pidfd, namespaces) < 0)
                (void)failure_set(f, FAULT_NOT_RUNNING, errno, "enter", s->name);
        else
                (void)payload_exec(args, f);
}

_noreturn_ static void exec_child(Shim *s, const Frame *f, const ExecRequest *r)
{
        Failure failure = {0};
        PayloadArgs a = {
                .plan = s->plan,
                .n_plan = s->n_plan,
                .argv = r->argv,
                .env = r->env,
                .user = frame_string(f, FRAME_USER),
                .cwd = frame_string(f, FRAME_CWD),
                .login = frame_number(f, FRAME_LOGIN, 0),
                .terminal = r->slave >= 0,
                .stdio = {r->stdio[0], r->stdio[1], r->stdio[2]},
        };

        exec_inside(s, &a, &failure);
        (void)!write(r->errors[1], &failure, sizeof(failure));
        _exit(1);
}

static int spawn(Shim *s, int link, const Frame *f, ExecRequest *r, Fault *reterr)
{
        ExecProcess p = {.pidfd = -EBADF, .link = link, .serial = f->serial};

        if (s->n_processes >= SHIM_PROCESSES_MAX)
                return fault_set(reterr, FAULT_BUSY, EBUSY,
                                 "machine '%s' runs %d exec'd programs already", s->name,
                                 SHIM_PROCESSES_MAX);
        ExecProcess *grown = reallocarray(s->processes, s->n_processes + 1, sizeof(p));
        if (!grown)
                return -ENOMEM;
        s->processes = grown;
        int e = r->output ? exec_outputs_reserve(&s->outputs) : 0;
        if (e == -EMFILE)
                return fault_set(reterr, FAULT_BUSY, EBUSY,
                                 "machine '%s' runs %d programs already that print to the journal",
                                 s->name, EXEC_OUTPUTS_MAX);
        e = e < 0 ? e : exec_note_take(s, f, &p.note);
        if (e < 0)
                return e;
        p.note.pid = process_clone(0, r->cgroup, &p.pidfd);
        if (p.note.pid == 0)
                exec_child(s, f, r);
        if (p.note.pid < 0) {
                e = (int)p.note.pid;
                exec_note_done(&p.note);
                return fault_set(reterr, FAULT_NOT_RUNNING, e, "cannot start a process in '%s': %s",
                                 s->name, strerror(-e));
        }
        p.errors = TAKE_FD(r->errors[0]);
        p.master = TAKE_FD(r->master);
        (void)fcntl(p.errors, F_SETFL, O_NONBLOCK);
        if (r->output)
                exec_outputs_add(&s->outputs, TAKE_PTR(r->output), p.note.id, p.note.pid,
                                 p.note.argv && p.note.argv[0] ? p.note.argv[0] : "");
        s->processes[s->n_processes++] = p;
        return 0;
}

static int check_may_exec(const Shim *s, Fault *reterr)
{
        if (s->leader.pidfd < 0 || s->state == SHIM_STARTING)
                return fault_set(reterr, FAULT_NOT_RUNNING, 0, "machine '%s' does not run",
                                 s->name);
        if (s->pause.wanted)
                return fault_set(reterr, FAULT_PAUSED, 0,
                                 "machine '%s' is paused: it can run nothing until it is resumed",
                                 s->name);
        return 0;
}

void exec_start(Shim *s, int link, const Frame *f)
{
        ExecRequest r = {.null = -EBADF,
                         .master = -EBADF,
                         .slave = -EBADF,
                         .cgroup = -EBADF,
                         .errors = {-EBADF, -EBADF},
                         .ends = {-EBADF, -EBADF}};
        _cleanup_fault_ Fault fault = {0};

        int e = check_may_exec(s, &fault);
        e = e < 0 ? e : prepare(s, f, &r, &fault);
        e = e < 0 ? e : spawn(s, link, f, &r, &fault);
        if (e < 0) {
                (void)fault_set(&fault, FAULT_FAILED, e, "cannot start a program in '%s': %s",
                                s->name, strerror(-e));
                link_reply_error(s, link, f->serial, &fault);
        }
        request_done(&r);
}

int exec_signal(Shim *s, uint64_t id, int sig)
{
        for (size_t i = 0; i < s->n_processes; i++)
                if (s->processes[i].note.id == id)
                        return process_signal(s->processes[i].pidfd, sig);
        return -ESRCH;
}

void exec_forget_link(Shim *s, int link)
{
        for (size_t i = 0; i < s->n_processes; i++)
                if (s->processes[i].link == link)
                        s->processes[i].link = -EBADF;
}

static void answer_started(ExecProcess *p)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        if (p->link >= 0) {
                frame_begin(&w, FRAME_EXEC_STARTED, p->serial);
                frame_add_number(&w, FRAME_ID, p->note.id);
                frame_add_number(&w, FRAME_PID, (uint64_t)p->note.pid);
                if (p->master >= 0)
                        frame_add_fd(&w, p->master);
                (void)frame_send(p->link,
                                 &w); /* a link that does not take it is found broken soon */
        }
        p->master = close_fd(p->master);
        p->link = -EBADF;
}

/* Has the program been exec'd, or will it never be? */
static void check_errors(Shim *s, ExecProcess *p)
{
        Failure failure;

        if (p->errors < 0)
                return;
        ssize_t n = read(p->errors, &failure, sizeof(failure));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        p->errors = close_fd(p->errors);
        if (n != (ssize_t)sizeof(failure)) {
                answer_started(p);
                return;
        }
        if (p->link < 0) { /* another lodged may have been told of it as of one that runs */
                p->error_status = failure.code == FAULT_COMMAND_NOT_FOUND ? 127 : 126;
                return;
        }
        Fault fault = {
                .code = failure.code, .error = failure.error, .message = failure_message(&failure)};
        link_reply_error(s, p->link, p->serial, &fault);
        fault_done(&fault);
        p->failed = true;
}

static void process_ended(Shim *s, size_t i, int status, int sig)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        ExecProcess p = s->processes[i];

        s->processes[i] = s->processes[--s->n_processes];
        (void)close_fd(p.pidfd);
        (void)close_fd(p.master);
        (void)close_fd(p.errors);
        if (p.failed) {
                exec_note_done(&p.note);
                return;
        }
        if (p.error_status)
                status = p.error_status;
        frame_begin(&w, FRAME_EXEC_EXITED, 0);
        frame_add_number(&w, FRAME_ID, p.note.id);
        frame_add_number(&w, FRAME_STATUS, (uint64_t)status);
        frame_add_number(&w, FRAME_SIGNAL, (uint64_t)sig);
        exec_remember(s, &p.note, status, sig, link_broadcast(s, &w) > 0);
}

void exec_check(Shim *s)
{
        for (size_t i = s->n_processes; i > 0; i--) {
                ExecProcess *p = &s->processes[i - 1];
                int status = 0, sig = 0;

                check_errors(s, p);
                if (process_reap(p->pidfd, &status, &sig) == 0)
                        continue;
                check_errors(s, p); /* what it said after we looked */
                process_ended(s, i - 1, status, sig);
        }
}
