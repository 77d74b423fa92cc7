/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* enter PID CGROUP PROGRAM ARG...: the least that running a program in a container takes: pidfd,
 * setns, a child that is born in the cgroup directory CGROUP, execve, wait. Exits with the
 * program's status. */
#include "bench.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
        int status;

        if (argc < 4)
                return 2;
        int pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);
        int cgroup = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (pidfd < 0 || cgroup < 0 || setns(pidfd, CLONE_NEWPID) < 0)
                die("enter");
        pid_t pid = clone_into(0, cgroup);
        if (pid == 0) {
                if (setns(pidfd, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
                                         CLONE_NEWNET | CLONE_NEWCGROUP) < 0 ||
                    setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
                        die("setns");
                (void)execv(argv[3], argv + 3);
                die(argv[3]);
        }
        if (waitpid(pid, &status, 0) < 0)
                die("waitpid");
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
