/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/machined.h"

#include "base/cleanup.h"
#include "base/io.h"
#include "base/names.h"
#include "base/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int machined_connect(void)
{
        static const struct sockaddr_un sa = {.sun_family = AF_UNIX,
                                              .sun_path = LODGE_MACHINED_SOCKET};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0 || connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

bool machined_sent(const struct signalfd_siginfo *si)
{
        _cleanup_free_ char *cgroup = NULL;
        char path[48];

        if (si->ssi_pid <= 1) /* systemd itself; 0: from outside of our pid namespace */
                return false;
        (void)snprintf(path, sizeof(path), "/proc/%u/cgroup", si->ssi_pid);
        return read_file_at(AT_FDCWD, path, 4096, &cgroup, NULL) >= 0 &&
               strstr(cgroup, "/" LODGE_MACHINED_UNIT "\n");
}
