/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/streams.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define MEMORY_MAJOR 1U /* /dev/null, /dev/zero, ... */

static bool may_be_given_away(int fd)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return false;
        if (S_ISCHR(st.st_mode))
                return major(st.st_rdev) == MEMORY_MAJOR;
        return S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || S_ISREG(st.st_mode);
}

static int open_pipe(int i, Streams *s)
{
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        s->guest[i] = ends[i == STDIN_FILENO ? 0 : 1];
        s->ours[i] = ends[i == STDIN_FILENO ? 1 : 0];
        return 0;
}

int streams_open(bool with_terminal_input, Streams *ret, Fault *reterr)
{
        Streams s = {.guest = {-EBADF, -EBADF, -EBADF}, .ours = {-EBADF, -EBADF, -EBADF}};
        int r = 0;

        for (int i = 0; i < STREAMS && r >= 0; i++) {
                if (fcntl(i, F_GETFD) < 0)
                        continue; /* closed, so there is nothing to connect */
                if (may_be_given_away(i))
                        s.guest[i] = i;
                else if (i != STDIN_FILENO || with_terminal_input || !isatty(i))
                        r = open_pipe(i, &s);
        }
        if (r < 0) {
                streams_close_guest(&s);
                for (int i = 0; i < STREAMS; i++)
                        s.ours[i] = close_fd(s.ours[i]);
                return fault_set(reterr, FAULT_FAILED, r, "no pipe can be made: %s", strerror(-r));
        }
        *ret = s;
        return 0;
}

void streams_close_guest(Streams *s)
{
        for (int i = 0; i < STREAMS; i++)
                if (s->guest[i] >= STREAMS)
                        s->guest[i] = close_fd(s->guest[i]);
}
