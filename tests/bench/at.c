/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* at FILE PROGRAM ARG...: writes CLOCK_MONOTONIC in ns to FILE, then becomes PROGRAM. In a
 * drop-in's ExecStart= it says when a supervisor was executed. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
        struct timespec t;

        if (argc < 3)
                return 2;
        int fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        /* as late as can be: what follows is the write and the execve() */
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        if (fd < 0 ||
            dprintf(fd, "%lld\n", (long long)t.tv_sec * 1000000000LL + (long long)t.tv_nsec) < 0)
                return 1;
        (void)execv(argv[2], argv + 2);
        perror(argv[2]);
        return 1;
}
