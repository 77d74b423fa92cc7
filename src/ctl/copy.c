/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/copy.h"

#include "base/io.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#define BUFFER_SIZE     65536U
#define ESCAPE          0x1d /* ^] */
#define ESCAPES         3U
#define ESCAPE_MAX_USEC 1000000U
#define EOT             '\004'

static void end_copy(Copy *copy)
{
        if (copy->is_over)
                return;
        copy->is_over = true;
        copy->reader = sd_event_source_disable_unref(copy->reader);
        copy->writer = sd_event_source_disable_unref(copy->writer);
        if (copy->ends_with_eot)
                (void)write_all(copy->to, &(char){EOT}, 1); /* nobody reads: no loss */
        /* The other side learns of the end by the descriptor's. */
        if (copy->owns_from)
                copy->from = close_fd(copy->from);
        if (copy->owns_to)
                copy->to = close_fd(copy->to);
        if (copy->ended)
                copy->ended(copy, copy->userdata);
}

static int on_writable(sd_event_source *s, int fd, uint32_t events, void *userdata);

/* Reading and writing take turns: one buffer, and no more is read than the other side takes. */
static int wait_for_room(Copy *copy, bool wait)
{
        int r = 0;

        if (wait && !copy->writer)
                r = sd_event_add_io(sd_event_source_get_event(copy->reader), &copy->writer,
                                    copy->to, EPOLLOUT, on_writable, copy);
        if (r >= 0 && copy->writer)
                r = sd_event_source_set_enabled(copy->writer, wait ? SD_EVENT_ON : SD_EVENT_OFF);
        return r < 0 ? r
                     : sd_event_source_set_enabled(copy->reader, wait ? SD_EVENT_OFF : SD_EVENT_ON);
}

/* Write what is in the buffer. Returns 1 it is empty, 0 the other side takes no more now. */
static int write_buffer(Copy *copy)
{
        while (copy->start < copy->fill) {
                ssize_t n = write(copy->to, copy->buffer + copy->start, copy->fill - copy->start);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 0 : -errno;
                copy->start += (size_t)n;
        }
        copy->start = copy->fill = 0;
        return 1;
}

static void flush_buffer(Copy *copy)
{
        int r = write_buffer(copy);

        if (r >= 0)
                r = wait_for_room(copy, r == 0);
        if (r < 0)
                end_copy(copy);
}

static int on_writable(sd_event_source *s, int fd, uint32_t events, void *userdata)
{
        flush_buffer(userdata);
        return 0;
}

/* Was ^] typed for the third time within a second? */
static bool is_escape(Copy *copy)
{
        for (size_t i = 0; i < copy->fill; i++) {
                uint64_t now = now_usec(CLOCK_MONOTONIC);

                if (copy->buffer[i] != ESCAPE) {
                        copy->n_escapes = 0;
                        continue;
                }
                if (copy->n_escapes == 0 || now - copy->first_escape_usec > ESCAPE_MAX_USEC) {
                        copy->n_escapes = 0;
                        copy->first_escape_usec = now;
                }
                if (++copy->n_escapes == ESCAPES)
                        return true;
        }
        return false;
}

/* Returns 1 bytes were read, 0 there are none now, negative errno: the end, or an error. */
static int fill_buffer(Copy *copy)
{
        ssize_t n = read(copy->from, copy->buffer, BUFFER_SIZE);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0)
                return n < 0 ? -errno : -ENODATA;
        copy->fill = (size_t)n;
        return 1;
}

static void read_some(Copy *copy)
{
        int r = fill_buffer(copy);

        if (r < 0)
                end_copy(copy);
        else if (r > 0 && copy->escaped && is_escape(copy))
                copy->escaped(copy->userdata);
        else if (r > 0)
                flush_buffer(copy);
}

static int on_readable(sd_event_source *s, int fd, uint32_t events, void *userdata)
{
        read_some(userdata);
        return 0;
}

static int on_always_readable(sd_event_source *s, void *userdata)
{
        read_some(userdata);
        return 0;
}

static int make_nonblocking(int fd)
{
        int flags = fcntl(fd, F_GETFL);

        return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int copy_start(Copy *copy, sd_event *event)
{
        int r = copy->owns_from ? make_nonblocking(copy->from) : 0;

        if (r >= 0 && copy->owns_to)
                r = make_nonblocking(copy->to);
        if (r < 0)
                return r;
        copy->buffer = malloc(BUFFER_SIZE);
        if (!copy->buffer)
                return -ENOMEM;
        r = sd_event_add_io(event, &copy->reader, copy->from, EPOLLIN, on_readable, copy);
        if (r != -EPERM)
                return r;
        /* Files cannot be polled: they are always readable. */
        r = sd_event_add_defer(event, &copy->reader, on_always_readable, copy);
        return r < 0 ? r : sd_event_source_set_enabled(copy->reader, SD_EVENT_ON);
}

void copy_drain(Copy *copy, int quiet_msec)
{
        struct pollfd out = {.fd = copy->to, .events = POLLOUT};

        if (!copy->buffer)
                return;
        while (!copy->is_over) {
                struct pollfd in = {.fd = copy->from, .events = POLLIN};
                int r = write_buffer(copy);

                if (r == 0 && poll(&out, 1, -1) >= 0)
                        continue;
                if (r < 0 || poll(&in, 1, quiet_msec) <= 0 || fill_buffer(copy) < 0)
                        return;
        }
}

void copy_done(Copy *copy)
{
        copy->reader = sd_event_source_disable_unref(copy->reader);
        copy->writer = sd_event_source_disable_unref(copy->writer);
        if (copy->owns_from)
                copy->from = close_fd(copy->from);
        if (copy->owns_to)
                copy->to = close_fd(copy->to);
        free(copy->buffer);
        copy->buffer = NULL;
}
