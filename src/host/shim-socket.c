/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/shim-socket.h"

#include "base/cleanup.h"
#include "core/manager.h"
#include "wire/frame.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/socket.h>
#include <systemd/sd-login.h>

#define PAUSE_USEC 200000ULL

struct ShimSocket {
        Manager *manager;
        int fd;
        int reserve; /* to accept, and refuse, when there is no descriptor left; -EBADF: used up */
        sd_event_source *io, *pause;
};

static void refill(ShimSocket *s)
{
        if (s->reserve < 0)
                s->reserve = fcntl(s->fd, F_DUPFD_CLOEXEC, 3);
}

static int on_pause_over(sd_event_source *source, uint64_t usec, void *userdata)
{
        ShimSocket *s = userdata;

        s->pause = sd_event_source_disable_unref(s->pause);
        refill(s);
        (void)sd_event_source_set_enabled(s->io, SD_EVENT_ON);
        return 0;
}

/* Until then the supervisor waits; the socket would wake us all the time. */
static void pause_accepting(ShimSocket *s)
{
        if (sd_event_add_time_relative(s->manager->event, &s->pause, CLOCK_MONOTONIC, PAUSE_USEC, 0,
                                       on_pause_over, s) >= 0)
                (void)sd_event_source_set_enabled(s->io, SD_EVENT_OFF);
}

/* The start must fail with its reason, and soon. */
static void refuse(ShimSocket *s)
{
        _cleanup_close_ int fd = -EBADF;
        _cleanup_frame_writer_ FrameWriter w = {0};

        s->reserve = close_fd(s->reserve);
        fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
                return;
        frame_begin(&w, FRAME_REFUSED, 0);
        frame_add_number(&w, FRAME_CODE, FAULT_START_FAILED);
        frame_add_number(&w, FRAME_ERRNO, EMFILE);
        frame_add_string(&w, FRAME_MESSAGE,
                         "lodged has no file descriptor left for another machine; see "
                         "LimitNOFILE= of lodged.service");
        (void)frame_send(fd, &w);
}

static void out_of_descriptors(ShimSocket *s)
{
        if (s->reserve >= 0)
                refuse(s);
        refill(s); /* after the connection was closed, which has had its place */
        if (s->reserve < 0)
                pause_accepting(s);
}

static int on_connection(sd_event_source *source, int listen_fd, uint32_t revents, void *userdata)
{
        ShimSocket *s = userdata;
        _cleanup_close_ int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        _cleanup_free_ char *unit = NULL;

        if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
                out_of_descriptors(s);
                return 0;
        }
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
        s->reserve = -EBADF;
        refill(s);
        int r = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ? -errno : 0;
        if (r >= 0)
                r = sd_event_add_io(manager->event, &s->io, fd, EPOLLIN, on_connection, s);
        if (r < 0) {
                (void)close_fd(s->reserve);
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
        sd_event_source_disable_unref(s->pause);
        (void)close_fd(s->reserve);
        (void)close_fd(s->fd);
        g_free(s);
}
