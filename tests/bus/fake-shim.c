/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/fake-shim.h"

#include "bus/fake-worker.h"

#include "base/io.h"
#include "base/machine-name.h"
#include "base/text.h"
#include "wire/frame.h"
#include "wire/plan.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define LEADER  4242U
#define OWN_PID 4241U

typedef enum UnitState {
        UNIT_INACTIVE,
        UNIT_ACTIVATING,
        UNIT_ACTIVE,
} UnitState;

typedef struct Program { /* started by exec, and waiting to be ended */
        uint64_t id;
        int fds[3];
} Program;

typedef struct Unit {
        FakeHost *host;
        char *name; /* lodge@NAME.service */
        UnitState state;
        unsigned run;             /* how often it was started */
        bool start_job, stop_job; /* lodged's */
        bool watched, failed;
        bool limits_refused;
        int fd; /* to lodged */
        sd_event_source *io;
        char **command;
        uint64_t started_usec, ready_usec, paused_usec, uid_base;
        char *status_text;
        ShimHealth health;
        uint64_t oom_kills;
        GArray *programs; /* Program */
} Unit;

struct FakeHost {
        sd_event *event;
        Manager *manager;
        GHashTable *units; /* name -> Unit */
        uint32_t n_sweeps, n_resets;
};

/* Something that systemd would tell a little later. */
typedef struct Later {
        FakeHost *host;
        char *unit;
        unsigned run; /* 0: any */
        void (*what)(Unit *u);
} Later;

static int on_later(sd_event_source *source, void *userdata)
{
        Later *l = userdata;
        Unit *u = g_hash_table_lookup(l->host->units, l->unit);

        if (u && (l->run == 0 || l->run == u->run)) /* else it is about an earlier run */
                l->what(u);
        g_free(l->unit);
        g_free(l);
        sd_event_source_disable_unref(source);
        return 0;
}

static void later_in_run(Unit *u, unsigned run, void (*what)(Unit *u))
{
        Later *l = g_new0(Later, 1);
        sd_event_source *source;

        *l = (Later){u->host, g_strdup(u->name), run, what};
        g_assert(sd_event_add_defer(u->host->event, &source, on_later, l) >= 0);
}

static void later(Unit *u, void (*what)(Unit *u))
{
        later_in_run(u, u->run, what);
}

static Unit *unit_get(FakeHost *h, const char *name)
{
        Unit *u = g_hash_table_lookup(h->units, name);

        if (u)
                return u;
        u = g_new0(Unit, 1);
        *u = (Unit){
                .host = h,
                .name = g_strdup(name),
                .fd = -EBADF,
                .programs = g_array_new(FALSE, FALSE, sizeof(Program)),
        };
        g_hash_table_insert(h->units, u->name, u);
        return u;
}

static bool does(const Unit *u, const char *word)
{
        return u->command && streq(u->command[0], word);
}

static void unit_free(void *p)
{
        Unit *u = p;

        sd_event_source_disable_unref(u->io);
        (void)close_fd(u->fd);
        for (guint i = 0; i < u->programs->len; i++)
                for (int k = 0; k < 3; k++)
                        (void)close_fd(g_array_index(u->programs, Program, i).fds[k]);
        g_array_unref(u->programs);
        strv_free(u->command);
        g_free(u->status_text);
        g_free(u->name);
        g_free(u);
}

/* ---- systemd's side ---- */

static void tell_started(Unit *u)
{
        if (u->start_job) {
                u->start_job = false;
                manager_job_done(u->host->manager, u->name, UNIT_JOB_START, "done", NULL);
        }
}

static void tell_inactive(Unit *u)
{
        bool start_job = u->start_job, stop_job = u->stop_job;

        u->failed |= start_job && !stop_job;
        u->start_job = u->stop_job = false;
        u->state = UNIT_INACTIVE;
        if (start_job)
                manager_job_done(u->host->manager, u->name, UNIT_JOB_START,
                                 stop_job ? "canceled" : "failed", NULL);
        if (stop_job)
                manager_job_done(u->host->manager, u->name, UNIT_JOB_STOP, "done", NULL);
        if (u->watched) {
                u->watched = false;
                manager_unit_ended(u->host->manager, u->name,
                                   u->failed ? UNIT_END_FAILED : UNIT_END_INACTIVE);
        }
}

/* The shim's process has ended. */
static void hang_up(Unit *u)
{
        u->io = sd_event_source_disable_unref(u->io);
        u->fd = close_fd(u->fd);
        for (guint i = 0; i < u->programs->len; i++)
                for (int k = 0; k < 3; k++)
                        (void)close_fd(g_array_index(u->programs, Program, i).fds[k]);
        g_array_set_size(u->programs, 0);
        g_clear_pointer(&u->status_text, g_free);
        strv_free(u->command);
        u->command = NULL;
        u->started_usec = u->ready_usec = 0;
        later(u, tell_inactive);
}

/* ---- the shim's side ---- */

static void send_simple(Unit *u, FrameType type, uint64_t serial)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        frame_begin(&w, type, serial);
        (void)frame_send(u->fd, &w);
}

static void send_error(Unit *u, uint64_t serial, FaultCode code, const char *message)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        frame_begin(&w, FRAME_ERROR, serial);
        frame_add_number(&w, FRAME_CODE, code);
        frame_add_string(&w, FRAME_MESSAGE, message);
        (void)frame_send(u->fd, &w);
}

/* What a fake worker does not enter. */
static void send_namespaces(Unit *u, uint64_t serial)
{
        _cleanup_close_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        _cleanup_frame_writer_ FrameWriter w = {0};

        frame_begin(&w, FRAME_DONE, serial);
        for (int i = 0; i < 3; i++)
                frame_add_fd(&w, fd);
        (void)frame_send(u->fd, &w);
}

static void send_state(Unit *u, ShimState state)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        frame_begin(&w, FRAME_STATE, 0);
        frame_add_number(&w, FRAME_RUN_STATE, state);
        frame_add_number(&w, FRAME_LEADER, LEADER);
        frame_add_number(&w, FRAME_PID, OWN_PID);
        frame_add_number(&w, FRAME_UID_BASE, u->uid_base);
        frame_add_number(&w, FRAME_STARTED, u->started_usec);
        frame_add_number(&w, FRAME_READY, u->ready_usec);
        frame_add_number(&w, FRAME_PAUSED, u->paused_usec);
        frame_add_number(&w, FRAME_BOOT_COUNT, 1);
        frame_add_string(&w, FRAME_STATUS_TEXT, u->status_text);
        frame_add_number(&w, FRAME_HEALTH, u->health);
        frame_add_number(&w, FRAME_OOM, u->oom_kills);
        frame_add_number(&w, FRAME_STREAK, u->health == SHIM_HEALTH_UNHEALTHY ? 3 : 0);
        frame_add_string(&w, FRAME_HEALTH_TEXT,
                         u->health == SHIM_HEALTH_UNHEALTHY ? "no\033[1m answer" : NULL);
        (void)frame_send(u->fd, &w);
}

static void end(Unit *u, const char *cause, int status, int sig)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        frame_begin(&w, streq(cause, EXIT_CAUSE_FAILED) ? FRAME_FAILED : FRAME_EXITED, 0);
        frame_add_string(&w, FRAME_CAUSE, cause);
        frame_add_number(&w, FRAME_STATUS, (uint64_t)status);
        frame_add_number(&w, FRAME_SIGNAL, (uint64_t)sig);
        if (streq(cause, EXIT_CAUSE_FAILED)) {
                frame_add_string(&w, FRAME_PHASE, "mount");
                frame_add_string(&w, FRAME_OBJECT, "/proc");
                frame_add_number(&w, FRAME_ERRNO, EPERM);
                frame_add_string(&w, FRAME_MESSAGE, "cannot mount '/proc': it is a symlink");
        }
        (void)frame_send(u->fd, &w);
        hang_up(u);
}

static void run(Unit *u)
{
        u->started_usec = now_usec(CLOCK_REALTIME);
        u->paused_usec = 0;
        u->health = does(u, "health") ? SHIM_HEALTH_STARTING : SHIM_HEALTH_NONE;
        u->oom_kills = 0;
        u->state = UNIT_ACTIVE;
        send_state(u, SHIM_RUNNING);
        later(u, tell_started);
        if (does(u, "ready")) {
                u->ready_usec = now_usec(CLOCK_REALTIME);
                send_state(u, SHIM_READY);
        }
        if (does(u, "exit"))
                end(u, EXIT_CAUSE_EXITED, atoi(u->command[1] ?: "0"), 0);
}

/* munmap() it */
static void *map_plan(const Frame *f, size_t *ret_n)
{
        struct stat st;

        g_assert(f->n_fds >= 1 && fstat(f->fds[0], &st) == 0);
        *ret_n = (size_t)st.st_size;
        void *plan = mmap(NULL, *ret_n, PROT_READ, MAP_PRIVATE, f->fds[0], 0);
        g_assert(plan != MAP_FAILED && plan_check(plan, *ret_n) >= 0);
        return plan;
}

static void take_health(Unit *u, const Frame *f)
{
        size_t n;
        void *plan = map_plan(f, &n);
        PlanStep step;

        u->health = plan_find(plan, n, PLAN_HEALTH_ARG, &step) ? SHIM_HEALTH_STARTING
                                                               : SHIM_HEALTH_NONE;
        (void)munmap(plan, n);
        send_state(u, SHIM_READY);
        send_simple(u, FRAME_DONE, f->serial);
}

static void take_plan(Unit *u, Frame *f)
{
        PlanStep step;
        size_t n;
        void *plan = map_plan(f, &n);

        PLAN_FOREACH (&step, plan, n)
                if (step.op == PLAN_ARG)
                        g_assert(strv_push(&u->command, step.s) >= 0);
                else if (step.op == PLAN_USERNS)
                        u->uid_base = step.a;
        (void)munmap(plan, n);
        if (does(u, "fail"))
                end(u, EXIT_CAUSE_FAILED, 1, 0);
        else if (!does(u, "hang"))
                run(u);
}

/* ---- exec ---- */

static void program_ended(Unit *u, uint64_t id, int status, int sig)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        frame_begin(&w, FRAME_EXEC_EXITED, 0);
        frame_add_number(&w, FRAME_ID, id);
        frame_add_number(&w, FRAME_STATUS, (uint64_t)status);
        frame_add_number(&w, FRAME_SIGNAL, (uint64_t)sig);
        (void)frame_send(u->fd, &w);
}

static void print_words(int fd, char **words)
{
        _cleanup_free_ char *line = g_strjoinv(" ", words);

        if (fd >= 0)
                (void)write_all(fd, line, strlen(line));
}

static void flood(int fd, size_t n)
{
        static char block[4096];

        memset(block, 'x', sizeof(block));
        (void)fcntl(fd, F_SETPIPE_SZ, 1 << 20); /* or we would wait for ourselves */
        for (size_t k = 0; fd >= 0 && k < n; k += sizeof(block))
                (void)write_all(fd, block, sizeof(block));
}

static void cat(int in, int out)
{
        char block[4096];
        ssize_t n = in >= 0 ? read(in, block, sizeof(block)) : 0;

        if (n > 0 && out >= 0)
                (void)write_all(out, block, (size_t)n);
}

static void answer_started(Unit *u, const Frame *f, int terminal)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        frame_begin(&w, FRAME_EXEC_STARTED, f->serial);
        frame_add_number(&w, FRAME_ID, frame_number(f, FRAME_ID, 0));
        frame_add_number(&w, FRAME_PID, 777);
        if (terminal >= 0)
                frame_add_fd(&w, terminal);
        (void)frame_send(u->fd, &w);
}

static void exec_program(Unit *u, Frame *f)
{
        _cleanup_strv_free_ char **argv = NULL;
        _cleanup_close_ int terminal = -EBADF;
        uint64_t id = frame_number(f, FRAME_ID, 0);
        Program p = {.id = id};
        int stdio[3], status = 0;

        g_assert(frame_strv(f, FRAME_ARG, &argv) >= 0 && frame_stdio(f, stdio) >= 0);
        if (argv[0] && streq(argv[0], "missing")) {
                send_error(u, f->serial, FAULT_COMMAND_NOT_FOUND, "cannot find 'missing'");
                return;
        }
        if (frame_number(f, FRAME_TTY, 0))
                terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        answer_started(u, f, terminal);
        for (int i = 0; i < 3; i++)
                p.fds[i] = stdio[i] >= 0 ? fcntl(stdio[i], F_DUPFD_CLOEXEC, 3) : -EBADF;
        if (!argv[0] || streq(argv[0], "sleep") || streq(argv[0], "login")) {
                g_array_append_val(u->programs, p);
                return;
        }
        if (streq(argv[0], "echo"))
                print_words(p.fds[1], argv + 1);
        else if (streq(argv[0], "env"))
                print_words(p.fds[1], (char *[]){(char *)frame_string(f, FRAME_ENV),
                                                 (char *)frame_string(f, FRAME_USER),
                                                 (char *)frame_string(f, FRAME_CWD), NULL});
        else if (streq(argv[0], "cat"))
                cat(p.fds[0], p.fds[1]);
        else if (streq(argv[0], "flood"))
                flood(p.fds[1], (size_t)atoi(argv[1]));
        else if (streq(argv[0], "exit"))
                status = atoi(argv[1]);
        for (int i = 0; i < 3; i++)
                (void)close_fd(p.fds[i]);
        program_ended(u, id, status, 0);
}

static void exec_kill(Unit *u, const Frame *f)
{
        int sig = (int)frame_number(f, FRAME_SIGNAL, 0);

        for (guint i = 0; i < u->programs->len; i++) {
                Program p = g_array_index(u->programs, Program, i);

                if (p.id != frame_number(f, FRAME_ID, 0))
                        continue;
                g_array_remove_index(u->programs, i);
                for (int k = 0; k < 3; k++)
                        (void)close_fd(p.fds[k]);
                send_simple(u, FRAME_DONE, f->serial);
                program_ended(u, p.id, 128 + sig, sig);
                return;
        }
        send_error(u, f->serial, FAULT_NOT_RUNNING, "it has ended");
}

/* ---- requests ---- */

static void stop(Unit *u)
{
        if (u->fd < 0)
                return;
        if (does(u, "stubborn"))
                send_state(u, SHIM_STOPPING);
        else
                end(u, EXIT_CAUSE_STOPPED, 0, 0);
}

static void handle(Unit *u, Frame *f)
{
        if (f->type == FRAME_ORDER) {
                if (!fake_worker_order(u->fd, f, u->host->manager->root, fake_worker_id(u->name)))
                        hang_up(u);
                return;
        }

        static char first[] = "first line", second[] = "second line";
        _cleanup_frame_writer_ FrameWriter w = {0};
        int stdio[3];

        switch (f->type) {
        case FRAME_PLAN: take_plan(u, f); break;
        case FRAME_REFUSED: hang_up(u); break;
        case FRAME_STOP: stop(u); break;
        case FRAME_EXEC: exec_program(u, f); break;
        case FRAME_EXEC_KILL: exec_kill(u, f); break;
        case FRAME_KILL:
                send_simple(u, FRAME_DONE, f->serial);
                if (does(u, "health")) { /* SIGUSR1: fine, SIGUSR2: not */
                        u->health = frame_number(f, FRAME_SIGNAL, 0) == SIGUSR1
                                            ? SHIM_HEALTH_HEALTHY
                                            : SHIM_HEALTH_UNHEALTHY;
                        send_state(u, SHIM_READY);
                }
                if (does(u, "oom")) { /* as many as the signal's number */
                        u->oom_kills += frame_number(f, FRAME_SIGNAL, 0);
                        send_state(u, SHIM_READY);
                }
                if (frame_number(f, FRAME_SIGNAL, 0) == SIGKILL)
                        end(u, EXIT_CAUSE_KILLED, 128 + SIGKILL, SIGKILL);
                break;
        case FRAME_PAUSE:
        case FRAME_HOLD:
        case FRAME_RELEASE:
        case FRAME_RESUME:
                u->paused_usec = f->type == FRAME_PAUSE || f->type == FRAME_HOLD
                                         ? now_usec(CLOCK_REALTIME)
                                         : 0;
                send_state(u, u->ready_usec ? SHIM_READY : SHIM_RUNNING);
                send_simple(u, FRAME_DONE, f->serial);
                break;
        case FRAME_ATTACH:
                g_assert(frame_stdio(f, stdio) >= 0);
                if (stdio[1] >= 0)
                        (void)write_all(stdio[1], "attached", 8);
                send_simple(u, FRAME_DONE, f->serial);
                break;
        case FRAME_RESIZE:
                send_error(u, f->serial, FAULT_NOT_SUPPORTED, "PID 1 has no terminal");
                break;
        case FRAME_HEALTH_APPLY: take_health(u, f); break;
        case FRAME_NAMESPACES: send_namespaces(u, f->serial); break;
        case FRAME_OUTPUT:
                frame_begin(&w, FRAME_OUTPUT, f->serial);
                frame_add_strv(&w, FRAME_LINE, (char *[]){first, second, NULL});
                (void)frame_send(u->fd, &w);
                break;
        default: break;
        }
}

static int on_frame(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Unit *u = userdata;
        _cleanup_frame_ Frame f = {0};
        int r = frame_receive(fd, &f);

        if (r > 0)
                handle(u, &f);
        else if (r != -EAGAIN)
                hang_up(u);
        return 0;
}

static void connect_shim(Unit *u, const char *name)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        int pair[2];

        g_assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
        u->fd = pair[0];
        g_assert(sd_event_add_io(u->host->event, &u->io, u->fd, EPOLLIN, on_frame, u) >= 0);
        manager_accept(u->host->manager, pair[1], u->name);
        frame_begin(&w, fake_worker_id(u->name) ? FRAME_WORK : FRAME_HELLO, 1);
        frame_add_string(&w, FRAME_NAME, name);
        g_assert(frame_send(u->fd, &w) >= 0);
}

static void exec_start(Unit *u)
{
        _cleanup_free_ char *machine = machine_name_from_unit(u->name);
        const char *job = fake_worker_id(u->name);
        Machine *m = machine ? manager_find(u->host->manager, machine) : NULL;

        if (u->state != UNIT_ACTIVATING)
                return;
        if (job) { /* Type=exec */
                u->state = UNIT_ACTIVE;
                tell_started(u);
                connect_shim(u, job);
                return;
        }
        if (m && m->settings.command && streq(m->settings.command[0], "no-shim"))
                tell_inactive(u);
        else
                connect_shim(u, machine);
}

/* ---- the ports ---- */

static void begin_start(Unit *u)
{
        u->state = UNIT_ACTIVATING;
        u->failed = false;
        u->run++;
        later(u, exec_start);
}

static void terminate(Unit *u)
{
        if (u->fd >= 0)
                stop(u); /* SIGTERM */
        else
                later(u, tell_inactive);
}

static int port_start(void *userdata, const char *unit)
{
        Unit *u = unit_get(userdata, unit);

        u->start_job = true;
        begin_start(u);
        return 0;
}

static void tell_limited(Unit *u)
{
        manager_unit_limited(u->host->manager, u->name,
                             u->limits_refused ? "MemoryMax=13 brings bad luck" : NULL);
}

static int port_limit(void *userdata, const char *unit, const Resources *r)
{
        Unit *u = unit_get(userdata, unit);

        if (!r->memory_max.is_set)
                return 0;
        u->limits_refused = r->memory_max.value == 13;
        later_in_run(u, 0, tell_limited);
        return 1;
}

static int port_stop(void *userdata, const char *unit)
{
        Unit *u = unit_get(userdata, unit);

        u->stop_job = true;
        later(u, terminate);
        return 0;
}

static int port_watch(void *userdata, const char *unit)
{
        Unit *u = unit_get(userdata, unit);

        u->watched = true;
        if (u->state == UNIT_INACTIVE || u->fd < 0)
                later(u, tell_inactive);
        return 0;
}

static void port_unwatch(void *userdata, const char *unit)
{
        unit_get(userdata, unit)->watched = false;
}

static void port_forget(void *userdata, const char *unit)
{
        FakeHost *h = userdata;

        h->n_resets++;
}

static void port_sweep(void *userdata)
{
        FakeHost *h = userdata;

        h->n_sweeps++;
}

UnitPort fake_host_units(FakeHost *h)
{
        return (UnitPort){
                .userdata = h,
                .start = port_start,
                .stop = port_stop,
                .watch = port_watch,
                .unwatch = port_unwatch,
                .limit = port_limit,
                .forget = port_forget,
        };
}

WorkPort fake_host_work(FakeHost *h)
{
        return (WorkPort){.userdata = h, .sweep = port_sweep};
}

FakeHost *fake_host_new(sd_event *event)
{
        FakeHost *h = g_new0(FakeHost, 1);

        h->event = event;
        h->units = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, unit_free);
        return h;
}

void fake_host_free(FakeHost *h)
{
        g_hash_table_unref(h->units);
        g_free(h);
}

void fake_host_set_manager(FakeHost *h, Manager *manager)
{
        h->manager = manager;
}

void fake_unit_start(FakeHost *h, const char *unit)
{
        begin_start(unit_get(h, unit));
}

void fake_unit_stop(FakeHost *h, const char *unit)
{
        Unit *u = unit_get(h, unit);

        if (does(u, "die"))
                hang_up(u); /* SIGKILL: without a word */
        else
                terminate(u);
}

void fake_unit_visit(FakeHost *h, const char *unit, const char *name)
{
        connect_shim(unit_get(h, unit), name);
}

void fake_set_status(FakeHost *h, const char *unit, const char *text, unsigned n)
{
        Unit *u = unit_get(h, unit);

        for (unsigned i = 1; i <= n; i++) {
                g_free(u->status_text);
                u->status_text = i == n ? g_strdup(text) : g_strdup_printf("step %u", i);
                send_state(u, u->ready_usec ? SHIM_READY : SHIM_RUNNING);
        }
}

void fake_counters(FakeHost *h, uint32_t *ret_sweeps, uint32_t *ret_resets, uint32_t *ret_requests)
{
        *ret_sweeps = h->n_sweeps;
        *ret_resets = h->n_resets;
        *ret_requests = h->manager->requests->len;
}
