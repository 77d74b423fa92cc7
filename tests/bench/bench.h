/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the measured programs. They are the yardstick: they share no code with lodge. */
#pragma once

#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/** die() - say what failed with errno, and end */
static inline void die(const char *what)
{
        perror(what);
        _exit(125);
}

/** clone_into() - fork with namespaces into a cgroup
 * Return: the pid, 0 in the child; ends the program on failure. */
static inline pid_t clone_into(uint64_t flags, int cgroup)
{
        struct clone_args a = {
                .flags = flags | CLONE_INTO_CGROUP,
                .exit_signal = SIGCHLD,
                .cgroup = (uint64_t)cgroup,
        };
        pid_t pid = (pid_t)syscall(SYS_clone3, &a, sizeof(a));

        if (pid < 0)
                die("clone3");
        return pid;
}
