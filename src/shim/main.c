/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lodge-shim: the main process of lodge@NAME.service. Runs as the host's root with what its unit
 * leaves it; gets the plan from lodged, starts PID 1 by it and looks after it until it ends. Reads
 * no configuration, knows no D-Bus, links nothing but libc. */
#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "shim/shim.h"
#include "sys/cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

static int setup_signals(Shim *s)
{
        struct sigaction ignore = {.sa_handler = SIG_IGN};
        sigset_t set;

        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGCHLD);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGINT);
        (void)sigaction(SIGPIPE, &ignore, NULL);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return s->signals < 0 ? -errno : 0;
}

static int setup_runtime(Shim *s)
{
        (void)snprintf(s->notify_path, sizeof(s->notify_path),
                       LODGE_RUNTIME_UNITS "/%s/" LODGE_SHIM_NOTIFY, s->name);
        s->notify = notify_open(s->notify_path);
        return s->notify < 0 ? s->notify : link_listen(s);
}

static int setup(Shim *s, Fault *reterr)
{
        /* nothing of ours may be read or traced from inside while a child of ours is on its way in
         */
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        (void)fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
        int r = setup_signals(s);
        if (r < 0)
                return fault_set(reterr, FAULT_START_FAILED, r, "cannot set up signals: %s",
                                 strerror(-r));
        link_ask(s);
        s->unit_cgroup = cgroup_open_own();
        if (s->unit_cgroup < 0)
                return fault_set(
                        reterr, FAULT_START_FAILED, s->unit_cgroup,
                        "cannot use the cgroup of the unit (cgroup v2 and Delegate=yes are needed): %s",
                        strerror(-s->unit_cgroup));
        r = setup_runtime(s);
        if (r < 0)
                return fault_set(reterr, FAULT_START_FAILED, r,
                                 "cannot use " LODGE_RUNTIME_UNITS "/%s: %s", s->name,
                                 strerror(-r));
        return 0;
}

/* The record first: lodged may not be there to hear it. */
static void announce_end(Shim *s, ExitRecord *r)
{
        _cleanup_close_ int dir = open(LODGE_RUNTIME_EXITS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_frame_writer_ FrameWriter w = {0};

        r->when_usec = now_usec(CLOCK_REALTIME);
        r->output = output_lines(&s->output);
        int e = dir < 0 ? -errno : exit_record_write(dir, s->name, r);
        if (e < 0)
                (void)fprintf(stderr, "<4>cannot write " LODGE_RUNTIME_EXITS "/%s: %s, ignoring\n",
                              s->name, strerror(-e));
        frame_begin(&w, streq(r->cause, EXIT_CAUSE_FAILED) ? FRAME_FAILED : FRAME_EXITED, 0);
        frame_add_number(&w, FRAME_CODE, s->failure);
        frame_add_string(&w, FRAME_CAUSE, r->cause);
        frame_add_string(&w, FRAME_PHASE, r->phase);
        frame_add_string(&w, FRAME_OBJECT, r->object);
        frame_add_string(&w, FRAME_MESSAGE, r->message);
        frame_add_number(&w, FRAME_ERRNO, (uint64_t)r->error);
        frame_add_number(&w, FRAME_STATUS, (uint64_t)(int64_t)r->status);
        frame_add_number(&w, FRAME_SIGNAL, (uint64_t)r->signal);
        frame_add_number(&w, FRAME_OOM, streq(r->cause, EXIT_CAUSE_OOM));
        (void)link_broadcast(s, &w);
}

static int exit_status(const ExitRecord *r)
{
        static const char *const fine[] = {EXIT_CAUSE_STOPPED, EXIT_CAUSE_SHUTDOWN,
                                           EXIT_CAUSE_TIMEOUT};

        for (size_t i = 0; i < ELEMENTSOF(fine); i++)
                if (streq(r->cause, fine[i]))
                        return 0;
        /* PID 1 may have ended well when it was asked to: it was for its health */
        return r->status < 0 || (streq(r->cause, EXIT_CAUSE_UNHEALTHY) && r->status == 0)
                       ? 1
                       : r->status;
}

static int run(const char *name)
{
        static Shim s = {.asked = -EBADF,
                         .control = -EBADF,
                         .notify = -EBADF,
                         .images = -EBADF,
                         .health = {.pidfd = -EBADF, .output = -EBADF, .cgroup = -EBADF},
                         .ready = {.sockets.fd = -EBADF},
                         .oom = {.events = -EBADF},
                         .pause = {.events = -EBADF},
                         .work = GUEST_WORK_NONE,
                         .payload_cgroup = -EBADF}; /* too large for a stack */
        _cleanup_exit_record_ ExitRecord record = {.status = -1};
        _cleanup_fault_ Fault fault = {0};
        int attach[3] = {-EBADF, -EBADF, -EBADF};

        s.name = name;
        s.state = SHIM_STARTING;
        s.failure = FAULT_START_FAILED;
        leader_init(&s.leader);
        network_init(&s.network);
        journal_init(&s.output.journal);
        int r = setup(&s, &fault);
        r = r < 0 ? r : link_fetch_plan(&s, attach, &fault);
        if (r < 0) {
                (void)fprintf(stderr, "<3>%s\n", fault.message ?: strerror(-r));
                return fault.code == FAULT_CANCELLED ? 0 : 1;
        }
        r = supervise(&s, attach, &record);
        if (r < 0)
                (void)fprintf(stderr, "<3>machine '%s' did not start: %s\n", name,
                              record.message ?: strerror(-r));
        announce_end(&s, &record);
        return exit_status(&record);
}

static int usage(int status)
{
        (void)fputs(
                "lodge-shim NAME\n\n"
                "The supervisor of one lodge machine. Run by lodge@NAME.service; to start a machine, use\n"
                "'lodgectl start NAME' or 'systemctl start lodge@NAME'. See lodge-shim(8).\n\n"
                "  -h --help     show this text\n"
                "     --version  show the version\n",
                status ? stderr : stdout);
        return status;
}

int main(int argc, char *argv[])
{
        if (argc == 2 && (streq(argv[1], "-h") || streq(argv[1], "--help")))
                return usage(0);
        if (argc == 2 && streq(argv[1], "--version")) {
                (void)puts("lodge " LODGE_VERSION);
                return 0;
        }
        if (argc != 2 || argv[1][0] == '-')
                return usage(2);
        if (!machine_name_is_valid(argv[1])) {
                _cleanup_free_ char *shown = text_for_display(argv[1], 80);

                (void)fprintf(stderr, "lodge-shim: '%s' cannot be a machine name\n", shown ?: "");
                return 2;
        }
        return run(argv[1]);
}
