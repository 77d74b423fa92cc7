/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For a worker that copies files: it enters what PID 1 is in now, but neither its cgroup nor its
 * process ids, and so is out of the guest's reach. */
#include "shim/shim.h"

#include <fcntl.h>
#include <string.h>

static int open_namespace(pid_t pid, const char *name)
{
        char path[64];

        /* PID 1 is our child: until it is reaped, its number is nobody else's */
        (void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

void namespaces_send(Shim *s, int link, uint64_t serial)
{
        _cleanup_close_ int user = -EBADF, mount = -EBADF;
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_fault_ Fault f = {0};

        if (s->leader.pidfd < 0 || s->state == SHIM_STARTING) {
                (void)fault_set(&f, FAULT_NOT_RUNNING, 0, "machine '%s' does not run", s->name);
        } else {
                user = open_namespace(s->leader.pid, "user");
                mount = open_namespace(s->leader.pid, "mnt");
                if (user < 0 || mount < 0)
                        (void)fault_set(&f, FAULT_NOT_RUNNING, user < 0 ? user : mount,
                                        "the files of machine '%s' cannot be reached: %s", s->name,
                                        strerror(user < 0 ? -user : -mount));
        }
        if (f.code != FAULT_NONE) {
                link_reply_error(s, link, serial, &f);
                return;
        }
        frame_begin(&w, FRAME_DONE, serial);
        frame_add_fd(&w, user);
        frame_add_fd(&w, mount);
        frame_add_fd(&w, s->leader.pidfd);
        (void)frame_send(link, &w);
}
