/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/process.h"

#include "base/io.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

pid_t process_clone(uint64_t flags, int cgroupfd, int *ret_pidfd)
{
        int pidfd = -EBADF;
        struct clone_args args = {
                .flags = flags | CLONE_PIDFD | (cgroupfd >= 0 ? CLONE_INTO_CGROUP : 0),
                .pidfd = (uint64_t)(uintptr_t)&pidfd,
                .exit_signal = SIGCHLD,
                .cgroup = cgroupfd >= 0 ? (uint64_t)cgroupfd : 0,
        };
        pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

        if (pid < 0)
                return -errno;
        if (pid > 0)
                *ret_pidfd = pidfd;
        return pid;
}

typedef struct Call {
        int (*fn)(void *);
        void *arg;
        int result;
} Call;

static int call_in_child(void *p)
{
        Call *c = p;

        c->result = c->fn(c->arg);
        return 0;
}

int process_call(int flags, int (*fn)(void *), void *arg)
{
        static char stack[65536]
                __attribute__((aligned(16))); /* one at a time: CLONE_VFORK waits */
        Call c = {.fn = fn, .arg = arg, .result = -ECHILD};
        pid_t pid = clone(call_in_child, stack + sizeof(stack),
                          flags | CLONE_VM | CLONE_VFORK | CLONE_FILES, &c);

        /* what is left of it, a copy of all mounts above all, is the kernel's work of many steps:
         * not waited for here */
        return pid < 0 ? -errno : c.result;
}

void process_call_reap(void)
{
        while (waitpid(-1, NULL, __WCLONE) > 0 || errno == EINTR)
                ;
}

int process_signal(int pidfd, int sig)
{
        return syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0 ? -errno : 0;
}

int process_reap(int pidfd, int *ret_status, int *ret_signal)
{
        siginfo_t si = {0};

        if (waitid(P_PIDFD, (id_t)pidfd, &si, WEXITED | WNOHANG) < 0)
                return -errno;
        if (si.si_pid == 0)
                return 0;
        *ret_signal = si.si_code == CLD_EXITED ? 0 : si.si_status;
        *ret_status = si.si_code == CLD_EXITED ? si.si_status : 128 + si.si_status;
        return 1;
}

static uint64_t status_mask(const char *status, const char *key)
{
        const char *p = strstr(status, key);

        return p ? strtoull(p + strlen(key), NULL, 16) : 0;
}

int process_handles_signal(pid_t pid, int sig)
{
        _cleanup_free_ char *status = NULL;
        char path[64];
        uint64_t bit = 1ULL << (sig - 1);

        (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
        int r = read_file_at(AT_FDCWD, path, 16384, &status, NULL);
        if (r < 0)
                return r;
        if ((status_mask(status, "\nSigCgt:") | status_mask(status, "\nSigBlk:")) & bit)
                return 1;
        return status_mask(status, "\nSigIgn:") & bit ? 2 : 0;
}
