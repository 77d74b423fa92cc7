/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/terminal.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <sys/ioctl.h>

int terminal_resize(int fd, uint16_t rows, uint16_t columns)
{
        struct winsize ws = {.ws_row = rows, .ws_col = columns};

        return ioctl(fd, TIOCSWINSZ, &ws) < 0 ? -errno : 0;
}

int terminal_open(int ptsfd, uid_t owner, uint16_t rows, uint16_t columns, int *ret_slave)
{
        _cleanup_close_ int slave = -EBADF;
        _cleanup_close_ int master =
                openat(ptsfd, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
        int unlock = 0;

        if (master < 0)
                return -errno;
        if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
                return -errno;
        slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (slave < 0 || fchown(slave, owner, (gid_t)-1) < 0)
                return -errno;
        if (rows > 0 || columns > 0) {
                int r = terminal_resize(master, rows, columns);
                if (r < 0)
                        return r;
        }
        *ret_slave = TAKE_FD(slave);
        return TAKE_FD(master);
}
