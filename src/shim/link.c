/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "shim/files-live.h"
#include "shim/images.h"
#include "shim/machined.h"
#include "shim/mount-live.h"
#include "shim/shim.h"
#include "sys/cgroup.h"
#include "sys/process.h"
#include "sys/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define FETCH_TIMEOUT_USEC 45000000ULL
#define FETCH_RETRY_MSEC   100

static int unix_socket(int flags)
{
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);

        return fd < 0 ? -errno : fd;
}

static int unix_address(const char *path, struct sockaddr_un *ret)
{
        *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
        if (strlen(path) >= sizeof(ret->sun_path))
                return -ENAMETOOLONG;
        memcpy(ret->sun_path, path, strlen(path) + 1);
        return 0;
}

static int connect_to_lodged(void)
{
        _cleanup_close_ int fd = unix_socket(0);
        struct sockaddr_un sa;

        int r = unix_address(LODGE_RUNTIME_SOCKET, &sa);
        if (fd < 0 || r < 0)
                return fd < 0 ? fd : r;
        return connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ? -errno : TAKE_FD(fd);
}

/* Return: 1 it can be read; 0 timeout; -ECANCELED SIGTERM. */
static int wait_readable(const Shim *s, int fd, int timeout_msec)
{
        struct pollfd p[] = {{.fd = s->signals, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
        struct signalfd_siginfo si;

        if (poll(p, ELEMENTSOF(p), timeout_msec) < 0)
                return errno == EINTR ? 0 : -errno;
        if (p[0].revents && read(s->signals, &si, sizeof(si)) == sizeof(si) &&
            si.ssi_signo == SIGTERM)
                return -ECANCELED;
        return p[1].revents != 0;
}

/* The shim's own descriptors of them go with the frame. */
static int take_images(Shim *s, const Frame *f)
{
        int n = plan_images(s->plan, s->n_plan);

        if (n < 0 || f->n_fds < 2 + (size_t)n)
                return n < 0 ? n : -EBADMSG;
        s->images = n == 0 ? -EBADF : images_keep(f->fds + 2, (size_t)n);
        return n == 0 || s->images >= 0 ? 0 : s->images;
}

static int take_plan(Shim *s, Frame *f, int attach[static 3], Fault *reterr)
{
        int stdio[3];

        if (f->type == FRAME_REFUSED)
                return frame_fault(f, reterr);
        int r = f->type == FRAME_PLAN && f->n_fds >= 2 ? frame_stdio(f, stdio) : -EBADMSG;
        r = r < 0 ? r : plan_open(f->fds[0], &s->plan, &s->n_plan);
        if (r < 0)
                return fault_set(
                        reterr, FAULT_START_FAILED, r,
                        "lodged sent a plan that this lodge-shim cannot use; was one of them upgraded?");
        r = take_images(s, f);
        if (r < 0)
                return fault_set(reterr, FAULT_START_FAILED, r,
                                 "cannot keep the mounts of the disk image: %s", strerror(-r));
        r = network_take(&s->network, s->plan, s->n_plan);
        r = r < 0 ? r : mounts_take(&s->mounts, s->plan, s->n_plan);
        if (r < 0)
                return r;
        s->uid_lock = TAKE_FD(f->fds[1]);
        journal_open(&s->output.journal, s->name, frame_string(f, FRAME_OBJECT));
        for (int i = 0; i < 3; i++) {
                attach[i] = stdio[i] < 0 ? -EBADF : fcntl(stdio[i], F_DUPFD_CLOEXEC, 3);
                if (stdio[i] >= 0 && attach[i] < 0)
                        return -errno;
        }
        return 0;
}

void link_ask(Shim *s)
{
        _cleanup_close_ int fd = connect_to_lodged();
        _cleanup_frame_writer_ FrameWriter w = {0};

        s->asked = fd;
        if (fd < 0)
                return;
        frame_begin(&w, FRAME_HELLO, 1);
        frame_add_string(&w, FRAME_NAME, s->name);
        int r = frame_send(fd, &w);
        s->asked = r < 0 ? r : TAKE_FD(fd);
}

/* One answer. Return: 1 got it; 0 lodged went away, or is not there yet; negative errno. */
static int take_answer(Shim *s, int attach[static 3], Fault *reterr)
{
        _cleanup_close_ int fd = s->asked;
        _cleanup_frame_ Frame f = {0};

        s->asked = -EBADF;
        if (fd < 0)
                return fd == -ECONNREFUSED || fd == -EAGAIN || fd == -EPIPE ? 0 : fd;
        int r = wait_readable(s, fd, (int)(FETCH_TIMEOUT_USEC / 1000));
        if (r <= 0)
                return r;
        r = frame_receive(fd, &f);
        if (r <= 0)
                return r == -ECONNRESET ? 0 : r;
        r = take_plan(s, &f, attach, reterr);
        if (r < 0)
                return r;
        (void)fcntl(fd, F_SETFL, O_NONBLOCK);
        s->links[s->n_links++] = TAKE_FD(fd);
        return 1;
}

int link_fetch_plan(Shim *s, int attach[static 3], Fault *reterr)
{
        uint64_t deadline = now_usec(CLOCK_MONOTONIC) + FETCH_TIMEOUT_USEC;
        int r;

        while ((r = take_answer(s, attach, reterr)) == 0 && now_usec(CLOCK_MONOTONIC) < deadline) {
                r = wait_readable(s, -1, FETCH_RETRY_MSEC);
                if (r < 0)
                        break;
                link_ask(s);
        }
        if (r > 0)
                return 0;
        if (r == -ECANCELED)
                return fault_set(reterr, FAULT_CANCELLED, ECANCELED,
                                 "stopped before it had started");
        return fault_set(reterr, FAULT_START_FAILED, r < 0 ? r : ETIMEDOUT,
                         "cannot get the plan from lodged at " LODGE_RUNTIME_SOCKET
                         ": %s; is lodged.socket active?",
                         strerror(r < 0 ? -r : ETIMEDOUT));
}

int link_listen(Shim *s)
{
        char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
        _cleanup_close_ int fd = unix_socket(SOCK_NONBLOCK);
        struct sockaddr_un sa;

        (void)snprintf(path, sizeof(path), LODGE_RUNTIME_UNITS "/%s/" LODGE_SHIM_CONTROL, s->name);
        int r = unix_address(path, &sa);
        if (fd < 0 || r < 0)
                return fd < 0 ? fd : r;
        (void)unlink(path);
        if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || chmod(path, 0600) < 0 ||
            listen(fd, 4) < 0)
                return -errno;
        s->control = TAKE_FD(fd);
        return 0;
}

static void forget_link(Shim *s, int link)
{
        exec_forget_link(s, link);
        pause_forget_link(s, link);
        guest_work_forget_link(s, link);
}

void link_accept(Shim *s)
{
        _cleanup_close_ int fd = accept4(s->control, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0 || !frame_peer_is_root(fd))
                return;
        if (s->n_links == SHIM_LINKS_MAX) { /* the oldest is the least likely to be alive */
                forget_link(s, s->links[0]);
                (void)close_fd(s->links[0]);
                s->n_links--;
                memmove(s->links, s->links + 1, s->n_links * sizeof(s->links[0]));
        }
        s->links[s->n_links++] = TAKE_FD(fd);
}

static void link_close(Shim *s, size_t i)
{
        forget_link(s, s->links[i]);
        (void)close_fd(s->links[i]);
        s->links[i] = s->links[--s->n_links];
}

size_t link_broadcast(Shim *s, FrameWriter *w)
{
        size_t n = 0;

        for (size_t i = s->n_links; i > 0; i--)
                if (frame_send(s->links[i - 1], w) < 0)
                        link_close(s, i - 1);
                else
                        n++;
        return n;
}

static void add_state(const Shim *s, FrameWriter *w, uint64_t serial)
{
        PlanStep step = {0};

        (void)plan_find(s->plan, s->n_plan, PLAN_USERNS, &step);
        frame_begin(w, FRAME_STATE, serial);
        frame_add_string(w, FRAME_NAME, s->name);
        frame_add_number(w, FRAME_RUN_STATE, s->state);
        frame_add_number(w, FRAME_LEADER, s->leader.pidfd >= 0 ? (uint64_t)s->leader.pid : 0);
        frame_add_number(w, FRAME_PID, (uint64_t)getpid());
        frame_add_number(w, FRAME_UID_BASE, step.a);
        frame_add_number(w, FRAME_STARTED, s->started_usec);
        frame_add_number(w, FRAME_READY, s->ready_usec);
        frame_add_number(w, FRAME_PAUSED, s->pause.since_usec);
        frame_add_number(w, FRAME_BOOT_COUNT, s->boot_count);
        frame_add_string(w, FRAME_STATUS_TEXT, s->status_text);
        frame_add_number(w, FRAME_HEALTH, s->health.state);
        frame_add_number(w, FRAME_STREAK, s->health.streak);
        frame_add_string(w, FRAME_HEALTH_TEXT, s->health.told);
        frame_add_number(w, FRAME_OOM, s->oom.told);
        network_add_indices(&s->network, w);
        mounts_tell(&s->mounts, w);
}

void link_send_state(Shim *s)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        add_state(s, &w, 0);
        (void)link_broadcast(s, &w);
}

void link_reply_error(Shim *s, int link, uint64_t serial, const Fault *f)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        frame_begin(&w, FRAME_ERROR, serial);
        frame_add_number(&w, FRAME_CODE, f->code);
        frame_add_number(&w, FRAME_ERRNO, (uint64_t)f->error);
        frame_add_string(&w, FRAME_MESSAGE, f->message);
        (void)frame_send(link, &w);
}

static int check_runs(const Shim *s, Fault *reterr)
{
        return s->leader.pidfd < 0 ? fault_set(reterr, FAULT_NOT_RUNNING, 0,
                                               "machine '%s' does not run", s->name)
                                   : 0;
}

static int do_kill(Shim *s, const Frame *f, Fault *reterr)
{
        int sig = (int)frame_number(f, FRAME_SIGNAL, 0);
        int r;

        if (sig < 1 || sig > SIGRTMAX)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%d is no signal", sig);
        r = check_runs(s, reterr);
        if (r < 0)
                return r;
        if (frame_number(f, FRAME_WHOM, 0) == 0)
                r = process_signal(s->leader.pidfd, sig);
        else if (sig == SIGKILL)
                r = cgroup_kill(s->payload_cgroup);
        else
                r = cgroup_signal(s->payload_cgroup, sig);
        return r < 0 ? fault_set(reterr, FAULT_FAILED, r, "cannot signal machine '%s': %s", s->name,
                                 strerror(-r))
                     : 0;
}

static int do_attach(Shim *s, const Frame *f, Fault *reterr)
{
        int stdio[3], own[3] = {-EBADF, -EBADF, -EBADF};

        int r = frame_stdio(f, stdio);
        for (int i = 0; i < 3 && r >= 0; i++)
                if (stdio[i] >= 0) {
                        own[i] = fcntl(stdio[i], F_DUPFD_CLOEXEC, 3);
                        r = own[i] < 0 ? -errno : 0;
                }
        r = r < 0 ? r : output_attach(&s->output, own);
        for (int i = 0; i < 3; i++)
                (void)close_fd(own[i]);
        return r < 0 ? fault_set(reterr, r == -EMFILE ? FAULT_BUSY : FAULT_FAILED, r,
                                 "cannot attach to '%s': %s", s->name,
                                 r == -EMFILE ? "too many are attached" : strerror(-r))
                     : 0;
}

static int do_resize(Shim *s, const Frame *f, Fault *reterr)
{
        if (s->leader.terminal < 0)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, 0, "PID 1 of '%s' has no terminal",
                                 s->name);
        int r = terminal_resize(s->leader.terminal, (uint16_t)frame_number(f, FRAME_ROWS, 0),
                                (uint16_t)frame_number(f, FRAME_COLUMNS, 0));
        return r < 0 ? fault_set(reterr, FAULT_FAILED, r, "cannot resize the terminal: %s",
                                 strerror(-r))
                     : 0;
}

static int do_exec_kill(Shim *s, const Frame *f, Fault *reterr)
{
        int r = exec_signal(s, frame_number(f, FRAME_ID, 0), (int)frame_number(f, FRAME_SIGNAL, 0));

        return r < 0 ? fault_set(reterr, r == -ESRCH ? FAULT_NOT_RUNNING : FAULT_FAILED, r,
                                 "cannot signal the process: %s",
                                 r == -ESRCH ? "it has ended" : strerror(-r))
                     : 0;
}

static void send_output(Shim *s, int link, uint64_t serial)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_strv_free_ char **lines = output_lines(&s->output);

        frame_begin(&w, FRAME_OUTPUT, serial);
        frame_add_strv(&w, FRAME_LINE, lines);
        (void)frame_send(link, &w);
}

static int failure_to_fault(const Failure *f, Fault *reterr)
{
        _cleanup_free_ char *message = failure_message(f);

        return fault_set(reterr, f->code, f->error, "%s", message ?: strerror(f->error));
}

/* The plan of a request to a machine that runs; munmap() it. */
static int map_request(const Shim *s, const Frame *f, void **ret, size_t *ret_n, Fault *reterr)
{
        int r = check_runs(s, reterr);

        if (r < 0)
                return r;
        r = f->n_fds == 1 ? plan_open(f->fds[0], ret, ret_n) : -EBADMSG;
        return r < 0 ? fault_set(
                               reterr, FAULT_FAILED, r,
                               "lodged sent a plan that this lodge-shim cannot use; was one of them upgraded?")
                     : 0;
}

typedef int (*LiveStart)(Shim *s, int link, uint64_t serial, const void *plan, size_t n_plan,
                         Fault *reterr);

/* Return: 0 and it is answered later; negative errno. */
static int begin_live(Shim *s, int link, const Frame *f, LiveStart start, Fault *reterr)
{
        void *plan = NULL;
        size_t n_plan = 0;

        int r = map_request(s, f, &plan, &n_plan, reterr);
        if (r < 0)
                return r;
        r = start(s, link, f->serial, plan, n_plan, reterr);
        (void)munmap(plan, n_plan);
        return r;
}

static int do_mount_remove(Shim *s, const Frame *f, Fault *reterr)
{
        const char *target = frame_string(f, FRAME_MOUNT);
        Failure failure = {0};

        int r = check_runs(s, reterr);
        if (r < 0)
                return r;
        r = mounts_remove(&s->mounts, target ?: "", s->leader.pidfd, &failure);
        link_send_state(s);
        return r < 0 ? failure_to_fault(&failure, reterr) : 0;
}

static int do_health_apply(Shim *s, const Frame *f, Fault *reterr)
{
        void *plan = NULL;
        size_t n_plan = 0;

        int r = map_request(s, f, &plan, &n_plan, reterr);
        if (r >= 0)
                health_apply(s, plan, n_plan);
        return r;
}

static int do_link_apply(Shim *s, const Frame *f, Fault *reterr)
{
        Failure failure = {0};
        void *plan = NULL;
        size_t n_plan = 0;

        int r = map_request(s, f, &plan, &n_plan, reterr);
        if (r < 0)
                return r;
        r = network_apply(&s->network, s->name, s->leader.pidfd, plan, n_plan, &failure);
        (void)munmap(plan, n_plan);
        return r < 0 ? failure_to_fault(&failure, reterr) : 0;
}

static int do_link_remove(Shim *s, const Frame *f, Fault *reterr)
{
        const char *inside = frame_string(f, FRAME_ITEM);
        Failure failure = {0};

        int r = check_runs(s, reterr);
        if (r < 0)
                return r;
        r = network_remove(&s->network, s->name, inside ?: "", &failure);
        return r < 0 ? failure_to_fault(&failure, reterr) : 0;
}

static void send_counters(Shim *s, int link, uint64_t serial)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        frame_begin(&w, FRAME_LINKS, serial);
        network_add_counters(&s->network, s->leader.pidfd, &w);
        (void)frame_send(link, &w);
}

static void send_answer(Shim *s, int link, uint64_t serial, int r, const Fault *f)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        if (r < 0) {
                link_reply_error(s, link, serial, f);
                return;
        }
        frame_begin(&w, FRAME_DONE, serial);
        (void)frame_send(link, &w);
}

/* lodged has removed what machined knew of an earlier PID 1: no signal about that one comes any
 * more, and those that came are read before machined knows this one. */
static void introduce(Shim *s, int link, uint64_t serial)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_close_ int fd = -EBADF;
        _cleanup_fault_ Fault f = {0};

        supervise_signals(s);
        fd = machined_connect();
        if (fd < 0) {
                (void)fault_set(&f, FAULT_FAILED, fd,
                                "cannot connect to " LODGE_MACHINED_SOCKET ": %s", strerror(-fd));
                link_reply_error(s, link, serial, &f);
                return;
        }
        s->introduced = true;
        frame_begin(&w, FRAME_DONE, serial);
        frame_add_fd(&w, fd);
        (void)frame_send(link, &w);
}

static void handle(Shim *s, int link, const Frame *f)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_fault_ Fault fault = {0};
        int r;

        switch (f->type) {
        case FRAME_QUERY:
                add_state(s, &w, f->serial);
                exec_tell(s, &w);
                (void)frame_send(link, &w);
                return;
        case FRAME_STOP: stop_request(s, frame_number(f, FRAME_TIMEOUT, UINT64_MAX)); return;
        case FRAME_PAUSE: pause_begin(s, link, f->serial); return;
        case FRAME_HOLD: pause_hold(s, link, f->serial, frame_number(f, FRAME_ID, 0)); return;
        case FRAME_RELEASE:
                pause_release(s, frame_number(f, FRAME_ID, 0));
                r = 0;
                break;
        case FRAME_RESUME:
                r = check_runs(s, &fault);
                r = r < 0 ? r : pause_resume(s, &fault);
                break;
        case FRAME_EXEC: exec_start(s, link, f); return;
        case FRAME_OUTPUT: send_output(s, link, f->serial); return;
        case FRAME_MACHINED: introduce(s, link, f->serial); return;
        case FRAME_LINK_STATS: send_counters(s, link, f->serial); return;
        case FRAME_NAMESPACES: namespaces_send(s, link, f->serial); return;
        case FRAME_LINK_APPLY: r = do_link_apply(s, f, &fault); break;
        case FRAME_LINK_REMOVE: r = do_link_remove(s, f, &fault); break;
        case FRAME_MOUNT_REMOVE: r = do_mount_remove(s, f, &fault); break;
        case FRAME_MOUNT_APPLY:
        case FRAME_FILES_APPLY:
                r = begin_live(s, link, f,
                               f->type == FRAME_FILES_APPLY ? files_live_start : mount_live_start,
                               &fault);
                if (r >= 0)
                        return;
                break;
        case FRAME_HEALTH_APPLY: r = do_health_apply(s, f, &fault); break;
        case FRAME_KILL: r = do_kill(s, f, &fault); break;
        case FRAME_EXEC_KILL: r = do_exec_kill(s, f, &fault); break;
        case FRAME_ATTACH: r = do_attach(s, f, &fault); break;
        case FRAME_RESIZE: r = do_resize(s, f, &fault); break;
        default: r = fault_set(&fault, FAULT_NOT_SUPPORTED, 0, "lodge-shim knows no such request");
        }
        send_answer(s, link, f->serial, r, &fault);
}

void link_dispatch(Shim *s, size_t i)
{
        _cleanup_frame_ Frame f = {0};

        int r = frame_receive(s->links[i], &f);
        if (r == -EAGAIN)
                return;
        if (r <= 0)
                link_close(s, i);
        else
                handle(s, s->links[i], &f);
}
