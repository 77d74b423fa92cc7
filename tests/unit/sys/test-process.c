/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "sys/process.h"

#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static int reap(int pidfd, int *ret_signal)
{
        struct pollfd p = {.fd = pidfd, .events = POLLIN};
        int status;

        assert(poll(&p, 1, 10000) == 1);
        assert(process_reap(pidfd, &status, ret_signal) == 1);
        return status;
}

static void test_clone(void)
{
        _cleanup_close_ int pidfd = -EBADF, killed = -EBADF;
        int sig, status;

        pid_t pid = process_clone(0, -EBADF, &pidfd);
        if (pid == 0)
                _exit(42);
        assert(pid > 0 && reap(pidfd, &sig) == 42 && sig == 0);

        pid = process_clone(0, -EBADF, &killed);
        if (pid == 0)
                for (;;)
                        (void)pause();
        assert(process_reap(killed, &status, &sig) == 0);
        assert(process_signal(killed, SIGKILL) == 0);
        assert(reap(killed, &sig) == 128 + SIGKILL && sig == SIGKILL);
        assert(process_signal(killed, SIGKILL) == -ESRCH);
}

static int open_null(void *arg)
{
        *(int *)arg = 7;
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int fail(void *arg)
{
        return -ENOTTY;
}

static void test_call(void)
{
        int value = 0;
        _cleanup_close_ int fd = process_call(0, open_null, &value);

        assert(fd >= 0 && value == 7 &&
               fcntl(fd, F_GETFD) >= 0); /* it shares memory and descriptors */
        assert(process_call(0, fail, NULL) == -ENOTTY);
        process_call_reap();
        assert(waitpid(-1, NULL, __WALL | WNOHANG) == -1 && errno == ECHILD);
}

static void nothing(int sig)
{
}

static void test_handles_signal(void)
{
        struct sigaction caught = {.sa_handler = nothing}, ignored = {.sa_handler = SIG_IGN};
        sigset_t set;

        assert(process_handles_signal(getpid(), SIGUSR1) == 0);
        assert(sigaction(SIGUSR1, &caught, NULL) == 0 &&
               process_handles_signal(getpid(), SIGUSR1) == 1);
        assert(sigaction(SIGUSR2, &ignored, NULL) == 0 &&
               process_handles_signal(getpid(), SIGUSR2) == 2);
        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGRTMIN + 3);
        assert(process_handles_signal(getpid(), SIGRTMIN + 3) == 0);
        assert(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
        assert(process_handles_signal(getpid(), SIGRTMIN + 3) == 1); /* systemd's way: signalfd */
        assert(process_handles_signal(999999999, SIGTERM) < 0);
}

int main(void)
{
        test_clone();
        test_call();
        test_handles_signal();
        return 0;
}
