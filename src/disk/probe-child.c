/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* disk_probe(): the child that reads what a stranger wrote, and the parent that believes none of
 * it. They share a page range; the parent looks at it once the child is gone. */
#include "base/text.h"
#include "disk/disk-probe.h"
#include "sys/process.h"
#include "sys/userns.h"

#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define DEADLINE_MSEC 5000
#define MEMORY_MAX    (UINT64_C(512) << 20) /* address space; libblkid needs a few MiB */
#define MESSAGE_MAX   512

/* Sanitizers reserve terabytes and make calls of their own. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

typedef struct Report {
        DiskImage image;
        int result; /* of disk_probe_here(); positive: it has not come so far */
        uint32_t code;
        int error;
        char message[MESSAGE_MAX];
} Report;

/* ---- the child ---- */

static int allow_reading_only(void)
{
        static const int calls[] = {
                SCMP_SYS(read),       SCMP_SYS(pread64),    SCMP_SYS(lseek),
                SCMP_SYS(fstat),      SCMP_SYS(newfstatat), SCMP_SYS(fadvise64),
                SCMP_SYS(mmap),       SCMP_SYS(munmap),     SCMP_SYS(mremap),
                SCMP_SYS(mprotect),   SCMP_SYS(madvise),    SCMP_SYS(brk),
                SCMP_SYS(getrandom),  SCMP_SYS(close),      SCMP_SYS(write),
                SCMP_SYS(exit_group), SCMP_SYS(futex),      SCMP_SYS(rt_sigreturn),
        };
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        int r = filter ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(calls); i++)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
        r = r < 0 ? r : seccomp_load(filter); /* sets no_new_privs */
        seccomp_release(filter);
        return r;
}

static int limit(int resource, uint64_t n)
{
        struct rlimit l = {.rlim_cur = n, .rlim_max = n};

        return setrlimit(resource, &l) < 0 ? -errno : 0;
}

static int confine(uid_t uid, gid_t gid)
{
        int r = limit(RLIMIT_CORE, 0);

        r = r < 0 ? r : limit(RLIMIT_FSIZE, 0);
        r = r < 0 ? r : limit(RLIMIT_CPU, DEADLINE_MSEC / 1000 + 1);
        if (r >= 0 && !SANITIZED)
                r = limit(RLIMIT_AS, MEMORY_MAX);
        if (r >= 0 && uid != 0)
                r = credentials_become(uid, gid, NULL, 0, 0);
        if (r >= 0 && !SANITIZED)
                r = allow_reading_only();
        return r;
}

/* Only standard error, which sanitizers and libraries may write to, and the image stay open. */
static int keep_only(int fd)
{
        if (dup2(fd, 3) < 0 || close_range(4, ~0U, 0) < 0)
                return -errno;
        (void)close(STDIN_FILENO);
        (void)close(STDOUT_FILENO);
        return 0;
}

_noreturn_ static void child(const DiskProbeArgs *args, uid_t uid, gid_t gid, Report *report)
{
        DiskProbeArgs a = {.fd = 3, .name = args->name, .all = args->all};
        Fault f = {0};

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        int r = keep_only(args->fd);
        r = r < 0 ? r : confine(uid, gid);
        if (r < 0)
                (void)fault_set(&f, FAULT_FAILED, r,
                                "Cannot confine the process that looks into disk image '%s': %s",
                                args->name, strerror(-r));
        else
                r = disk_probe_here(&a, &report->image, &f);
        report->code = f.code;
        report->error = f.error;
        (void)snprintf(report->message, sizeof(report->message), "%s", f.message ?: "");
        report->result = r < 0 ? r : 0;
        _exit(0);
}

/* ---- the parent ---- */

static int wait_for(int pidfd, const char *name, Fault *reterr)
{
        struct pollfd p = {.fd = pidfd, .events = POLLIN};
        int status = 0, sig = 0, n;

        do
                n = poll(&p, 1, DEADLINE_MSEC);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
                (void)process_signal(pidfd, SIGKILL);
        while (process_reap(pidfd, &status, &sig) == 0)
                (void)poll(&p, 1, -1);
        if (n <= 0)
                return fault_set(reterr, FAULT_TIMED_OUT, ETIMEDOUT,
                                 "Disk image '%s' could not be looked into within %d seconds", name,
                                 DEADLINE_MSEC / 1000);
        if (sig || status)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EINVAL,
                                 "The process that looked into disk image '%s' was ended by %s; "
                                 "the image is damaged or made to do harm",
                                 name, sig ? strsignal(sig) : "a fault");
        return 0;
}

static int take_report(const Report *report, const char *name, DiskImage *ret, Fault *reterr)
{
        _cleanup_free_ char *message = NULL;

        if (!memchr(report->message, '\0', sizeof(report->message)) || report->result > 0 ||
            report->code >= _FAULT_CODE_MAX || disk_image_check(&report->image) < 0)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EBADMSG,
                                 "What was found in disk image '%s' makes no sense", name);
        *ret = report->image;
        if (report->result == 0)
                return 0;
        message = text_for_display(report->message, MESSAGE_MAX);
        return fault_set(reterr, report->code ?: FAULT_FAILED, report->result, "%s",
                         message && *message ? message : strerror(-report->result));
}

/* Not by process_clone(): RestrictNamespaces= of the unit leaves no clone3(2). */
static pid_t fork_with_pidfd(int *ret)
{
        pid_t pid = fork();

        if (pid < 0)
                return -errno;
        if (pid > 0) {
                *ret = (int)syscall(SYS_pidfd_open, pid, 0);
                if (*ret < 0) { /* never on Linux 5.3 and later, but for descriptors */
                        int r = -errno;

                        (void)kill(pid, SIGKILL);
                        (void)waitpid(pid, NULL, 0);
                        return r;
                }
        }
        return pid;
}

int disk_probe(const DiskProbeArgs *args, uid_t uid, gid_t gid, DiskImage *ret, Fault *reterr)
{
        _cleanup_close_ int pidfd = -EBADF;
        Report *shared = mmap(NULL, sizeof(Report), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        disk_image_init(ret);
        if (shared == MAP_FAILED)
                return -errno;
        disk_image_init(&shared->image);
        shared->result = 1;
        pid_t pid = fork_with_pidfd(&pidfd);
        if (pid == 0)
                child(args, uid, gid, shared);
        int r = pid < 0 ? fault_set(reterr, FAULT_FAILED, pid,
                                    "Cannot start a process to look into disk image '%s': %s",
                                    args->name, strerror(-pid))
                        : wait_for(pidfd, args->name, reterr);
        r = r < 0 ? r : take_report(shared, args->name, ret, reterr);
        (void)munmap(shared, sizeof(Report));
        return r;
}
