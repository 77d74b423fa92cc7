/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/sandbox-calls.h"

#include "base/cleanup.h"

#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

static const char *const descriptor_calls[] = {
        "read",        "write",        "pread64",         "pwrite64",        "readv",
        "writev",      "preadv",       "pwritev",         "preadv2",         "pwritev2",
        "lseek",       "_llseek",      "close",           "close_range",     "dup",
        "dup2",        "dup3",         "fcntl",           "fcntl64",         "flock",
        "fsync",       "fdatasync",    "syncfs",          "sync_file_range", "ftruncate",
        "ftruncate64", "fallocate",    "copy_file_range", "sendfile",        "sendfile64",
        "splice",      "tee",          "vmsplice",        "fadvise64",       "fadvise64_64",
        "readahead",   "memfd_create", "pipe2",           "umask",           "fstat",
        "fstat64",     "fstatfs",      "fstatfs64",       "getdents64",      "fchmod",
        "fchown",      "fchown32",     "fsetxattr",       "fgetxattr",       "flistxattr",
        "fremovexattr"};

/* below a directory that is open */
static const char *const beneath_calls[] = {
        "openat2",    "newfstatat", "fstatat64", "statx",           "faccessat",
        "faccessat2", "readlinkat", "mkdirat",   "unlinkat",        "renameat",
        "renameat2",  "linkat",     "symlinkat", "mknodat",         "fchmodat",
        "fchmodat2",  "fchownat",   "utimensat", "utimensat_time64"};

/* by a path alone */
static const char *const path_calls[] = {
        "open",     "openat",    "stat",      "stat64",     "lstat",       "lstat64",
        "statfs",   "statfs64",  "access",    "readlink",   "getcwd",      "mkdir",
        "unlink",   "rmdir",     "rename",    "link",       "symlink",     "mknod",
        "chmod",    "chown",     "lchown",    "lchown32",   "setxattr",    "lsetxattr",
        "getxattr", "lgetxattr", "listxattr", "llistxattr", "removexattr", "lremovexattr"};

static const char *const process_calls[] = {
        /* memory, threads, time */
        "munmap", "mremap", "madvise", "brk", "futex", "futex_time64", "set_robust_list", "rseq",
        "set_tid_address", "membarrier", "sched_yield", "sched_getaffinity", "gettid", "getpid",
        "getppid", "exit", "exit_group", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
        "sigreturn", "rt_sigtimedwait", "sigaltstack", "tgkill", "restart_syscall", "clock_gettime",
        "clock_gettime64", "clock_getres", "clock_nanosleep", "clock_nanosleep_time64", "nanosleep",
        "gettimeofday", "time", "getrusage", "sysinfo", "uname", "getuid", "geteuid", "getgid",
        "getegid", "getuid32", "geteuid32", "getgid32", "getegid32", "getrandom", "arch_prctl",
        "poll", "ppoll", "ppoll_time64", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
        "eventfd2",
        /* the connection to lodged, which is there already */
        "sendmsg", "recvmsg", "sendto", "recvfrom", "shutdown"};

static const char *const mapping_calls[] = {"mmap", "mmap2", "mprotect"};

static const char *const network_calls[] = {
        "socket",      "socketpair", "connect",        "bind",           "getsockname",
        "getpeername", "getsockopt", "setsockopt",     "sendmmsg",       "recvmmsg",
        "select",      "pselect6",   "timerfd_create", "timerfd_settime"};

/* Newer than the libseccomp of the oldest system, with one number on all architectures. */
static const int numbered_calls[] = {452 /* fchmodat2 */, 463 /* setxattrat */,
                                     464 /* getxattrat */, 465 /* listxattrat */};

static const unsigned long ioctls[] = {FICLONE,         FICLONERANGE, FS_IOC_FIEMAP,
                                       FS_IOC_GETFLAGS, FIONREAD,     FIONBIO};

static int allow(scmp_filter_ctx filter, const char *const *names, size_t n)
{
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i++) {
                int number = seccomp_syscall_resolve_name(names[i]);

                if (number != __NR_SCMP_ERROR && number >= 0)
                        r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
        }
        return r;
}

static int allow_some(scmp_filter_ctx filter)
{
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(numbered_calls) && r >= 0; i++) {
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, numbered_calls[i], 0);
                if (r == -EEXIST) /* libseccomp knows its name, and so it is there already */
                        r = 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(ioctls) && r >= 0; i++)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                                     SCMP_A1(SCMP_CMP_EQ, ioctls[i]));
        /* threads, but no processes; clone3() hides its flags in memory, and glibc goes on with
         * clone() */
        if (r >= 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                                     SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
        if (r >= 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
        return r;
}

/* Nothing is mapped to be executed: what libc would load now, it would find among the guest's
 * files. For the same reason nothing is opened by a path alone. */
static int allow_in_guest(scmp_filter_ctx filter)
{
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(mapping_calls) && r >= 0; i++) {
                int number = seccomp_syscall_resolve_name(mapping_calls[i]);

                if (number != __NR_SCMP_ERROR && number >= 0)
                        r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
                                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        }
        /* of an int, the kernel looks at the lower half */
        return r < 0 ? r
                     : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                                        SCMP_A0(SCMP_CMP_MASKED_EQ, 0x80000000U, 0));
}

static int allow_outside(scmp_filter_ctx filter, bool network)
{
        int r = allow(filter, path_calls, ELEMENTSOF(path_calls));

        if (r >= 0)
                r = allow(filter, mapping_calls, ELEMENTSOF(mapping_calls));
        if (r >= 0 && network)
                r = allow(filter, network_calls, ELEMENTSOF(network_calls));
        return r;
}

int sandbox_restrict_calls(SandboxCalls calls)
{
#if defined(__SANITIZE_ADDRESS__) /* its leak check needs ptrace(2) */
        return 0;
#endif
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

        if (!filter)
                return -ENOMEM;
        int r = allow(filter, descriptor_calls, ELEMENTSOF(descriptor_calls));
        if (r >= 0)
                r = allow(filter, beneath_calls, ELEMENTSOF(beneath_calls));
        if (r >= 0)
                r = allow(filter, process_calls, ELEMENTSOF(process_calls));
        if (r >= 0)
                r = calls == SANDBOX_CALLS_GUEST
                            ? allow_in_guest(filter)
                            : allow_outside(filter, calls == SANDBOX_CALLS_NETWORK);
        if (r >= 0)
                r = allow_some(filter);
        if (r >= 0) /* binary search */
                r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        if (r >= 0)
                r = seccomp_load(filter);
        seccomp_release(filter);
        return r;
}
