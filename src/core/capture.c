/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/capture.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <stdbool.h>

typedef struct Stream {
        int fd;
        sd_event_source *io;
        GByteArray *bytes;
        size_t n_written; /* input: of bytes */
} Stream;

struct Capture {
        Stream streams[3];
};

static void stream_close(Stream *s)
{
        s->io = sd_event_source_disable_unref(s->io);
        s->fd = close_fd(s->fd);
}

static int on_writable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Stream *s = userdata;
        ssize_t n = write(fd, s->bytes->data + s->n_written, s->bytes->len - s->n_written);

        if (n > 0)
                s->n_written += (size_t)n;
        /* a program that reads no more is no error */
        if ((n < 0 && errno != EAGAIN && errno != EINTR) || s->n_written == s->bytes->len)
                stream_close(s);
        return 0;
}

/* Return: true if there may be more now. */
static bool stream_read(Stream *s)
{
        uint8_t buf[65536];
        ssize_t n = read(s->fd, buf, sizeof(buf));

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return false;
        if (n <= 0) {
                stream_close(s);
                return false;
        }
        g_byte_array_append(s->bytes, buf,
                            (guint)MIN2((size_t)n, CAPTURE_BYTES_MAX - s->bytes->len));
        return true;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        (void)stream_read(userdata);
        return 0;
}

static int stream_open(sd_event *event, Stream *s, bool input, int *ret_other)
{
        int p[2];

        if (pipe2(p, O_CLOEXEC) < 0)
                return -errno;
        s->fd = p[input];
        *ret_other = p[!input];
        /* only our end: the program expects ordinary blocking pipes */
        if (fcntl(s->fd, F_SETFL, fcntl(s->fd, F_GETFL) | O_NONBLOCK) < 0)
                return -errno;
        return sd_event_add_io(event, &s->io, s->fd, input ? EPOLLOUT : EPOLLIN,
                               input ? on_writable : on_readable, s);
}

int capture_new(sd_event *event, const void *input, size_t n_input, int ret_stdio[static 3],
                Capture **ret)
{
        Capture *c = g_new0(Capture, 1);
        int r = 0;

        for (int i = 0; i < 3; i++) {
                c->streams[i] = (Stream){.fd = -EBADF, .bytes = g_byte_array_new()};
                ret_stdio[i] = -EBADF;
        }
        g_byte_array_append(c->streams[0].bytes, input, (guint)n_input);
        for (int i = n_input > 0 ? 0 : 1; i < 3 && r >= 0; i++) /* no input: /dev/null */
                r = stream_open(event, &c->streams[i], i == 0, &ret_stdio[i]);
        if (r < 0) {
                for (int i = 0; i < 3; i++)
                        ret_stdio[i] = close_fd(ret_stdio[i]);
                capture_free(c);
                return r;
        }
        *ret = c;
        return 0;
}

void capture_finish(Capture *c)
{
        stream_close(&c->streams[0]);
        for (int i = 1; i < 3; i++) {
                /* a pipe holds at most 1 MiB: what a child left behind adds meanwhile is bounded */
                for (int n = 0; n < 64 && c->streams[i].fd >= 0 && stream_read(&c->streams[i]); n++)
                        ;
                stream_close(&c->streams[i]);
        }
}

const GByteArray *capture_output(const Capture *c, int stream)
{
        return c->streams[stream].bytes;
}

void capture_free(Capture *c)
{
        if (!c)
                return;
        for (int i = 0; i < 3; i++) {
                stream_close(&c->streams[i]);
                g_byte_array_unref(c->streams[i].bytes);
        }
        g_free(c);
}
