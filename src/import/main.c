/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lodge-import: one job of lodged that reads or writes what strangers do: pull, import, export and
 * the like. Main process of lodge-import@ID.service, lodge-export@ID.service, lodge-copy@ID.service
 * or lodge-files@ID.service. It has no name on the bus and never needs one. */
#include "import/guest.h"
#include "import/made-layers.h"
#include "import/operations.h"
#include "import/sandbox.h"

#include "base/names.h"
#include "base/text.h"
#include "copy/copy-unpack.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define INSTANCE_LENGTH 16

typedef struct Invocation {
        const char *socket, *store, *instance;
} Invocation;

static int usage(int status)
{
        (void)fputs("lodge-import [OPTIONS] ID\n\n"
                    "Do job ID of lodged. Main process of " LODGE_IMPORT_UNIT_PREFIX
                    "ID.service, " LODGE_EXPORT_UNIT_PREFIX "ID.service, " LODGE_COPY_UNIT_PREFIX
                    "ID.service and " LODGE_FILES_UNIT_PREFIX "ID.service.\n\n"
                    "     --socket=PATH  where lodged listens (" LODGE_RUNTIME_SOCKET ")\n"
                    "     --store=DIR    the store (" LODGE_STORE ")\n"
                    "  -h --help         show this text\n"
                    "     --version      show the version\n",
                    status ? stderr : stdout);
        return status;
}

static int open_directory(int dirfd, const char *path)
{
        int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

/* Not to be read, so that the sandbox needs no rule for it. An empty store may have none. */
static int open_layers(const Invocation *v)
{
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/layers", v->store) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int open_incoming(const Invocation *v, Job *job, Fault *reterr)
{
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/incoming/%s", v->store, v->instance) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        job->incoming_fd = open_directory(AT_FDCWD, path);
        return job->incoming_fd < 0
                       ? fault_set(reterr, FAULT_FAILED, job->incoming_fd, "cannot open %s: %s",
                                   path, strerror(-job->incoming_fd))
                       : 0;
}

static int open_places(const Invocation *v, const Operation *op, Job *job, Fault *reterr)
{
        int r = op->makes_nothing ? 0 : open_incoming(v, job, reterr);

        if (r < 0)
                return r;
        job->layers_fd = open_layers(v);
        if (!op->store)
                return 0;
        job->store_fd = open_directory(AT_FDCWD, v->store);
        return job->store_fd < 0
                       ? fault_set(reterr, FAULT_FAILED, job->store_fd, "cannot open %s: %s",
                                   v->store, strerror(-job->store_fd))
                       : 0;
}

/* A directory from outside of the store came as a descriptor. */
static int foreign_directory(const Order *o)
{
        static const char *const keys[] = {"source-fd", "base-fd", "lower-fd", "tree-fd"};
        struct stat st;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                int fd = order_fd(o, keys[i]);

                if (fd >= 0 && fstat(fd, &st) >= 0 && S_ISDIR(st.st_mode))
                        return fd;
        }
        return -EBADF;
}

static int enter_sandbox(const Job *job, const Operation *op, Fault *reterr)
{
        uint64_t uid = order_number(job->order, "uid", 0);
        _cleanup_close_ int machined = -EBADF;

        if (geteuid() == 0 && (uid == 0 || uid >= UINT32_MAX))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "the order of lodged names no uid to become");
        if (op->store)
                machined = open(LODGE_MACHINED_IMAGES, O_PATH | O_DIRECTORY | O_CLOEXEC);
        SandboxArgs args = {
                .uid = (uid_t)uid,
                .network = op->network,
                .owns_files = op->owns_files,
                .reads_all = op->store,
                .writable_fd = job->incoming_fd,
                .readable_fds = {job->store_fd, machined, foreign_directory(job->order), -EBADF},
        };
        return sandbox_enter(&args, reterr);
}

/* Where the job works, and nothing else. */
static int go_there(const Invocation *v, const Operation *op, Job *job, Fault *reterr)
{
        if (op->guest) {
                int k = link_end_with(job->link, order_fd(job->order, "leader-fd"),
                                      order_get(job->order, "machine"), copy_unpack_abandon);

                return k < 0 ? k : guest_enter(job, reterr);
        }
        int r = open_places(v, op, job, reterr);
        return r < 0 ? r : enter_sandbox(job, op, reterr);
}

static int run(const Invocation *v, const Operation *op, Job *job, JobResult *ret, Fault *reterr)
{
        int r = order_check(job->order, op->keys, reterr);

        if (r >= 0)
                r = go_there(v, op, job, reterr);
        if (r >= 0) /* a thread: after the sandbox, which holds for threads that come later */
                r = link_watch(job->link);
        if (r >= 0)
                r = op->run(job, ret, reterr);
        return r;
}

static int tell(Link *l, int error, const JobResult *result, const Fault *fault)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        if (error >= 0) {
                frame_begin(&w, FRAME_RESULT, 0);
                frame_add_string(&w, FRAME_RECORD, result->record);
                frame_add_string(&w, FRAME_DIGEST, result->digest);
                frame_add_string(&w, FRAME_MESSAGE, result->message);
                frame_add_strv(&w, FRAME_LINE, result->lines);
        } else {
                frame_begin(&w, FRAME_ERROR, 0);
                frame_add_number(&w, FRAME_CODE, fault->code ? fault->code : FAULT_IMPORT_FAILED);
                frame_add_number(&w, FRAME_ERRNO, (uint64_t)-error);
                frame_add_string(&w, FRAME_MESSAGE, fault->message ?: strerror(-error));
        }
        return link_finish(l, &w);
}

static int do_job(const Invocation *v)
{
        _cleanup_job_result_ JobResult result = {0};
        _cleanup_fault_ Fault fault = {0};
        _cleanup_order_ Order *order = NULL;
        _cleanup_frame_ Frame f = {0};
        _cleanup_made_layers_ MadeLayers *made = made_layers_new();
        Job job = {.incoming_fd = -EBADF,
                   .store_fd = -EBADF,
                   .layers_fd = -EBADF,
                   .guest_fd = -EBADF,
                   .made = made,
                   .progress = progress_new()};

        int r = job.progress && made ? link_new(v->socket, job.progress, &job.link, &fault)
                                     : -ENOMEM;
        if (r >= 0)
                r = link_order(job.link, v->instance, &f, &fault);
        if (r < 0) {
                (void)fprintf(stderr, "lodge-import: %s\n", fault.message ?: strerror(-r));
                return r;
        }
        r = order_new(&f, &order, &fault);
        if (r >= 0) {
                const char *name = order_get(order, ORDER_OPERATION);
                const Operation *op = operation_find(name);

                job.order = order;
                job.limit_bytes = order_number(order, "limit-bytes", 0);
                job.limit_entries = order_number(order, "limit-entries", 0);
                r = op ? run(v, op, &job, &result, &fault)
                       : fault_set(&fault, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                   "lodge-import knows no operation '%s'", name);
        }
        int k = tell(job.link, r, &result, &fault);
        if (k < 0)
                (void)fprintf(stderr, "lodge-import: cannot tell lodged how it went: %s\n",
                              strerror(-k));
        return r < 0 ? r : k;
}

static int parse_options(int argc, char *argv[], Invocation *ret)
{
        static const struct option options[] = {{"socket", required_argument, NULL, 's'},
                                                {"store", required_argument, NULL, 'S'},
                                                {"help", no_argument, NULL, 'h'},
                                                {"version", no_argument, NULL, 'v'},
                                                {0}};
        Invocation v = {.socket = LODGE_RUNTIME_SOCKET, .store = LODGE_STORE};
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 's': v.socket = optarg; break;
                case 'S': v.store = optarg; break;
                case 'h': exit(usage(0));
                case 'v': (void)puts("lodge " LODGE_VERSION); exit(0);
                default: return -EINVAL;
                }
        if (optind != argc - 1)
                return -EINVAL;
        v.instance = argv[optind];
        if (strlen(v.instance) != INSTANCE_LENGTH ||
            strspn(v.instance, "0123456789abcdef") != INSTANCE_LENGTH) {
                (void)fprintf(stderr, "lodge-import: '%s' is no job's ID: %d hexadecimal digits\n",
                              v.instance, INSTANCE_LENGTH);
                return -EINVAL;
        }
        *ret = v;
        return 0;
}

int main(int argc, char *argv[])
{
        Invocation v;

        if (parse_options(argc, argv, &v) < 0)
                return usage(2);
        (void)signal(SIGPIPE, SIG_IGN); /* errors of write(2) tell it */
        (void)umask(0077);
        return do_job(&v) < 0;
}
