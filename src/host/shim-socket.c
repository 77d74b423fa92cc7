/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/shim-socket.h"

#include "base/cleanup.h"
#include "core/manager.h"
#include "wire/frame.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/socket.h>
#include <systemd/sd-login.h>

struct ShimSocket {
        Manager *manager;
        int fd;
        sd_event_source *io;
};

static int on_connection(sd_event_source *source, int listen_fd, uint32_t revents, void *userdata)
{
        ShimSocket *s = userdata;
        _cleanup_close_ int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        _cleanup_free_ char *unit = NULL;

        if (fd < 0 || !frame_peer_is_root(fd))
                return 0; /* gone, or none of ours: the socket's mode lets nobody else in anyway */
        /* by the cgroup, which a process cannot choose for itself: one machine's shim cannot speak
         * for another */
        if (sd_peer_get_unit(fd, &unit) < 0) {
                manager_warn(s->manager, NULL,
                             "A process outside of every unit connected as a machine's supervisor, "
                             "ignoring");
                return 0;
        }
        manager_accept(s->manager, TAKE_FD(fd), unit);
        return 0;
}

int shim_socket_new(Manager *manager, int fd, ShimSocket **ret)
{
        ShimSocket *s = g_new0(ShimSocket, 1);

        s->manager = manager;
        s->fd = fd;
        int r = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ? -errno : 0;
        if (r >= 0)
                r = sd_event_add_io(manager->event, &s->io, fd, EPOLLIN, on_connection, s);
        if (r < 0) {
                g_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

void shim_socket_free(ShimSocket *s)
{
        if (!s)
                return;
        sd_event_source_disable_unref(s->io);
        (void)close_fd(s->fd);
        g_free(s);
}
