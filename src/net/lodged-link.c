/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/lodged-link.h"

#include "base/names.h"

#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#define RETRY_USEC 200000ULL

struct LodgedLink {
        sd_event *event;
        int fd; /* -EBADF: not connected */
        sd_event_source *io, *retry;
        LodgedRequestFn request;
        void *userdata;
};

static int try_again_later(LodgedLink *l);

static int disconnect(LodgedLink *l)
{
        l->io = sd_event_source_disable_unref(l->io);
        l->fd = close_fd(l->fd);
        return try_again_later(l);
}

static void begin_error(FrameWriter *w, uint64_t serial, int r, const Fault *f)
{
        frame_begin(w, FRAME_ERROR, serial);
        frame_add_number(w, FRAME_CODE, f->code ?: FAULT_FAILED);
        frame_add_number(w, FRAME_ERRNO, (uint64_t)(f->error ?: -r));
        frame_add_string(w, FRAME_MESSAGE, f->message ?: strerror(-r));
}

static int answer(LodgedLink *l, const Frame *f)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_fault_ Fault fault = {0};

        frame_begin(&w, FRAME_DONE, f->serial);
        int r = l->request(f, &w, l->userdata, &fault);
        if (r == -EBADMSG && fault.code == FAULT_NONE)
                return r;
        if (r < 0)
                begin_error(&w, f->serial, r, &fault);
        return frame_send(l->fd, &w);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        LodgedLink *l = userdata;
        _cleanup_frame_ Frame f = {0};
        int r = frame_receive(fd, &f);

        if (r == -EAGAIN)
                return 0;
        if (r > 0)
                r = answer(l, &f);
        else if (r == 0)
                return disconnect(l);
        if (r >= 0)
                return 0;
        (void)fprintf(stderr, SD_WARNING "The connection to lodged is made anew: %s\n",
                      strerror(-r));
        return disconnect(l);
}

static int try_to_connect(LodgedLink *l)
{
        struct sockaddr_un sa = {.sun_family = AF_UNIX, .sun_path = LODGE_RUNTIME_SOCKET};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        _cleanup_frame_writer_ FrameWriter w = {0};

        if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
                return -errno;
        frame_begin(&w, FRAME_NETWORK_HELLO, 0);
        int r = frame_send(fd, &w);
        if (r >= 0)
                r = sd_event_add_io(l->event, &l->io, fd, EPOLLIN, on_io, l);
        if (r >= 0)
                l->fd = TAKE_FD(fd);
        return r;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        LodgedLink *l = userdata;

        return try_to_connect(l) < 0 ? try_again_later(l) : 0;
}

static int try_again_later(LodgedLink *l)
{
        l->retry = sd_event_source_disable_unref(l->retry);
        return sd_event_add_time_relative(l->event, &l->retry, CLOCK_MONOTONIC, RETRY_USEC, 0,
                                          on_retry, l);
}

int lodged_link_new(sd_event *event, LodgedRequestFn request, void *userdata, LodgedLink **ret)
{
        LodgedLink *l = g_new0(LodgedLink, 1);

        l->event = event;
        l->fd = -EBADF;
        l->request = request;
        l->userdata = userdata;
        int r = try_to_connect(l);
        if (r < 0)
                r = try_again_later(l);
        if (r < 0) {
                lodged_link_free(l);
                return r;
        }
        *ret = l;
        return 0;
}

void lodged_link_free(LodgedLink *l)
{
        if (!l)
                return;
        sd_event_source_disable_unref(l->retry);
        sd_event_source_disable_unref(l->io);
        (void)close_fd(l->fd);
        g_free(l);
}
