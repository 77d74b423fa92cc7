/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/local-files.h"

#include "base/io.h"
#include "base/text.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PIPE_SIZE   (1 << 20)
#define MESSAGE_MAX 1024U

/* What the child tells at its end. */
typedef struct Report {
        int code, error;
        char fault[MESSAGE_MAX], message[MESSAGE_MAX];
} Report;

typedef int (*WorkFn)(const void *args, int fd, CopyResult *result, Fault *reterr);

static int pack(const void *args, int fd, CopyResult *result, Fault *reterr)
{
        ByteSink out = fd_sink(&fd);

        return copy_pack(args, &out, result, reterr);
}

static int unpack(const void *args, int fd, CopyResult *result, Fault *reterr)
{
        FdSource file;
        ByteSource in = fd_source(&file, fd, NULL);
        int r = copy_unpack(args, &in, result, reterr);

        fd_source_done(&file);
        return r;
}

static void *wait_for_term(void *userdata)
{
        const sigset_t *term = userdata;
        int sig;

        while (sigwait(term, &sig) != 0)
                ;
        copy_unpack_abandon();
        _exit(128 + SIGTERM);
}

/* C-c is for the parent, which cancels the job: then the pipe ends. */
static void set_signals(void)
{
        static sigset_t term;
        pthread_t thread;

        (void)signal(SIGINT, SIG_IGN);
        (void)signal(SIGHUP, SIG_IGN);
        (void)signal(SIGPIPE, SIG_IGN);
        (void)sigemptyset(&term);
        (void)sigaddset(&term, SIGTERM);
        (void)sigprocmask(SIG_SETMASK, &term, NULL);
        if (pthread_create(&thread, NULL, wait_for_term, &term) != 0) /* then it ends as it is */
                (void)sigprocmask(SIG_UNBLOCK, &term, NULL);
}

_noreturn_ static void work(WorkFn what, const void *args, int fd, int report)
{
        CopyResult result = {0};
        Fault fault = {0};
        Report told = {0};

        set_signals();
        (void)umask(0);
        int r = what(args, fd, &result, &fault);
        _cleanup_free_ char *message = copy_result_text(&result);
        if (r < 0) {
                told.code = fault.code ? (int)fault.code : FAULT_FAILED;
                told.error = -r;
                (void)snprintf(told.fault, sizeof(told.fault), "%s", fault.message ?: strerror(-r));
        }
        (void)snprintf(told.message, sizeof(told.message), "%s", message ?: "");
        (void)write_all(report, &told, sizeof(told));
        _exit(r < 0);
}

/* @args  of the work
 * @reads the child reads from the pipe */
static int begin(WorkFn what, const void *args, bool reads, LocalFiles *ret, Fault *reterr)
{
        int data[2], report[2];

        *ret = (LocalFiles){.fd = -EBADF, .report = -EBADF, .is_unpacked = reads};
        if (pipe2(data, O_CLOEXEC) < 0)
                return fault_set(reterr, FAULT_FAILED, errno, "cannot make a pipe: %s",
                                 strerror(errno));
        (void)fcntl(data[0], F_SETPIPE_SZ, PIPE_SIZE);
        if (pipe2(report, O_CLOEXEC) < 0) {
                int r = fault_set(reterr, FAULT_FAILED, errno, "cannot make a pipe: %s",
                                  strerror(errno));
                (void)close_fd(data[0]);
                (void)close_fd(data[1]);
                return r;
        }
        ret->child = fork();
        if (ret->child == 0) {
                (void)close_fd(data[reads]);
                (void)close_fd(report[0]);
                work(what, args, data[!reads], report[1]);
        }
        int r = ret->child < 0 ? fault_set(reterr, FAULT_FAILED, errno,
                                           "cannot start a process: %s", strerror(errno))
                               : 0;
        (void)close_fd(data[!reads]);
        (void)close_fd(report[1]);
        ret->fd = data[reads];
        ret->report = report[0];
        return r;
}

int local_files_pack(const CopyPackArgs *args, LocalFiles *ret, Fault *reterr)
{
        return begin(pack, args, false, ret, reterr);
}

int local_files_unpack(const CopyUnpackArgs *args, LocalFiles *ret, Fault *reterr)
{
        return begin(unpack, args, true, ret, reterr);
}

static void take_report(LocalFiles *l)
{
        Report told;
        size_t n = 0;

        while (n < sizeof(told)) {
                ssize_t k = read(l->report, (char *)&told + n, sizeof(told) - n);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0)
                        break;
                n += (size_t)k;
        }
        if (n < sizeof(told))
                (void)fault_set(&l->fault, FAULT_FAILED, ECHILD,
                                "the process that was at the files was killed");
        else if (told.code != FAULT_NONE)
                (void)fault_set(&l->fault, (FaultCode)told.code, told.error, "%s", told.fault);
        else if (*told.message)
                l->message = strdup(told.message);
}

void local_files_wait(LocalFiles *l, bool cancelled)
{
        l->fd = close_fd(l->fd);
        if (l->is_over || l->child <= 0)
                return;
        l->is_over = true;
        if (cancelled)
                (void)kill(l->child, SIGTERM);
        take_report(l);
        while (waitpid(l->child, NULL, 0) < 0 && errno == EINTR)
                ;
        l->report = close_fd(l->report);
}

bool local_files_failed(const LocalFiles *l)
{
        int consequence = l->is_unpacked ? EBADMSG : EPIPE;

        return l->fault.code != FAULT_NONE && l->fault.error != consequence;
}

void local_files_done(LocalFiles *l)
{
        local_files_wait(l, true);
        fault_done(&l->fault);
        free(l->message);
        l->message = NULL;
}
