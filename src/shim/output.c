/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/output.h"

#include "base/io.h"
#include "base/text.h"

#include <string.h>

/* More than two pipes of the largest size, 1 MiB, can hold: PID 1 may have passed its end on to
 * somebody outside, who never ceases to write. */
#define DRAIN_CHUNKS 1024

static void tail_append(Output *o, const char *line)
{
        size_t n = strlen(line) + 1;

        while (o->n_tail + n > sizeof(o->tail)) { /* forget the oldest line */
                char *end = memchr(o->tail, '\n', o->n_tail);
                size_t first = end ? (size_t)(end - o->tail) + 1 : o->n_tail;

                o->n_tail -= first;
                memmove(o->tail, o->tail + first, o->n_tail);
        }
        memcpy(o->tail + o->n_tail, line, n - 1);
        o->tail[o->n_tail + n - 1] = '\n';
        o->n_tail += n;
}

/* Of one of the streams. */
typedef struct Stream {
        Output *output;
        int stream;
} Stream;

/* For the journal and the tail. */
static void take_line(void *userdata, const char *text, bool is_cut)
{
        const Stream *s = userdata;
        Output *o = s->output;

        journal_line(&o->journal,
                     s->stream == 1             ? JOURNAL_STDERR
                     : o->leader->terminal >= 0 ? JOURNAL_TERMINAL
                                                : JOURNAL_STDOUT,
                     NULL, text, is_cut);
        tail_append(o, text);
}

static void sink_remove(Output *o, size_t i)
{
        for (int k = 0; k < 3; k++)
                (void)close_fd(o->sinks[i].fds[k]);
        free(o->sinks[i].pending);
        o->sinks[i] = o->sinks[--o->n_sinks];
}

int output_attach(Output *o, int fds[static 3])
{
        if (o->n_sinks >= OUTPUT_SINKS_MAX)
                return -EMFILE;
        Sink *s = &o->sinks[o->n_sinks];
        *s = (Sink){.pending = malloc(OUTPUT_CHUNK)};
        if (!s->pending)
                return -ENOMEM;
        for (int i = 0; i < 3; i++)
                s->fds[i] = TAKE_FD(fds[i]);
        o->n_sinks++;
        return 0;
}

static bool is_ready(int fd, short events)
{
        struct pollfd p = {.fd = fd, .events = events};

        return poll(&p, 1, 0) > 0;
}

/* Return: false if the client is gone. */
static bool sink_flush(Sink *s)
{
        int fd = s->fds[s->pending_fd];

        while (s->n_pending > 0 && is_ready(fd, POLLOUT)) {
                ssize_t n = write(fd, s->pending, s->n_pending);

                if (n < 0)
                        return errno == EAGAIN || errno == EINTR;
                s->n_pending -= (size_t)n;
                memmove(s->pending, s->pending + n, s->n_pending);
        }
        return true;
}

static bool any_pending(const Output *o)
{
        for (size_t i = 0; i < o->n_sinks; i++)
                if (o->sinks[i].n_pending > 0)
                        return true;
        return false;
}

static void distribute(Output *o, int stream, const char *data, size_t n)
{
        for (size_t i = o->n_sinks; i > 0; i--) {
                Sink *s = &o->sinks[i - 1];
                int k = stream == 1 && s->fds[2] >= 0 ? 2 : 1;

                if (s->fds[k] < 0)
                        continue;
                memcpy(s->pending, data, n);
                s->n_pending = n;
                s->pending_fd = k;
                if (!sink_flush(s))
                        sink_remove(o, i - 1);
        }
}

/* Return: true if something was read. End of file closes the source. */
static bool pump_source(Output *o, int *fd, int stream)
{
        char buf[OUTPUT_CHUNK];

        if (*fd < 0)
                return false;
        ssize_t n = read(*fd, buf, sizeof(buf));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return false;
        if (n <= 0) {
                *fd = close_fd(*fd);
                return false;
        }
        line_read(&o->lines[stream], buf, (size_t)n, take_line, &(Stream){o, stream});
        distribute(o, stream, buf, (size_t)n);
        return true;
}

static bool pump_input(Output *o, Sink *s)
{
        int *target = o->leader->terminal >= 0 ? &o->leader->terminal : &o->leader->in;
        char buf[OUTPUT_CHUNK];

        if (s->fds[0] < 0 || *target < 0 || !is_ready(*target, POLLOUT) ||
            !is_ready(s->fds[0], POLLIN))
                return false;
        ssize_t n = read(s->fds[0], buf, sizeof(buf));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return false;
        if (n <= 0) { /* the end of the input is passed on; a terminal has none */
                s->fds[0] = close_fd(s->fds[0]);
                if (target == &o->leader->in)
                        *target = close_fd(*target);
                return true;
        }
        if (write(*target, buf, (size_t)n) < 0 && errno != EAGAIN && target == &o->leader->in)
                *target = close_fd(*target);
        return true;
}

size_t output_poll(Output *o, struct pollfd *p)
{
        Leader *l = o->leader;
        int target = l->terminal >= 0 ? l->terminal : l->in;
        size_t n = 0;

        if (!any_pending(o)) {
                int sources[] = {l->terminal, l->out, l->err};

                for (size_t i = 0; i < ELEMENTSOF(sources); i++)
                        if (sources[i] >= 0)
                                p[n++] = (struct pollfd){.fd = sources[i], .events = POLLIN};
        }
        for (size_t i = 0; i < o->n_sinks; i++) {
                Sink *s = &o->sinks[i];

                if (s->n_pending > 0)
                        p[n++] = (struct pollfd){.fd = s->fds[s->pending_fd], .events = POLLOUT};
                else if (s->fds[1] >= 0) /* tells when the client goes away */
                        p[n++] = (struct pollfd){.fd = s->fds[1]};
                if (s->fds[0] >= 0 && target >= 0 && is_ready(target, POLLOUT))
                        p[n++] = (struct pollfd){.fd = s->fds[0], .events = POLLIN};
        }
        return n;
}

uint64_t output_timeout(const Output *o)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC);

        if (o->patience_usec == 0 || !any_pending(o))
                return UINT64_MAX;
        return o->patience_usec > now ? o->patience_usec - now : 0;
}

bool output_pump(Output *o)
{
        bool moved = false, drop = output_timeout(o) == 0;

        for (size_t i = o->n_sinks; i > 0; i--) {
                Sink *s = &o->sinks[i - 1];
                struct pollfd p = {.fd = s->fds[1]};

                if (!sink_flush(s) || (drop && s->n_pending > 0) ||
                    (s->fds[1] >= 0 && poll(&p, 1, 0) > 0 && p.revents & (POLLERR | POLLNVAL)))
                        sink_remove(o, i - 1);
                else
                        moved |= pump_input(o, s);
        }
        if (!any_pending(o))
                moved |= pump_source(o, &o->leader->terminal, 0);
        if (!any_pending(o))
                moved |= pump_source(o, &o->leader->out, 0);
        if (!any_pending(o))
                moved |= pump_source(o, &o->leader->err, 1);
        return moved;
}

static bool wait_for_clients(Output *o, uint64_t deadline)
{
        struct pollfd p[OUTPUT_POLL_MAX];
        uint64_t now = now_usec(CLOCK_MONOTONIC);
        size_t n = 0;

        if (now >= deadline)
                return false;
        for (size_t i = 0; i < o->n_sinks; i++)
                if (o->sinks[i].n_pending > 0)
                        p[n++] = (struct pollfd){.fd = o->sinks[i].fds[o->sinks[i].pending_fd],
                                                 .events = POLLOUT};
        return n > 0 && poll(p, n, (int)((deadline - now) / 1000) + 1) > 0;
}

void output_finish(Output *o, uint64_t timeout_usec)
{
        uint64_t deadline = now_usec(CLOCK_MONOTONIC) + timeout_usec;

        do
                for (int i = 0; i < DRAIN_CHUNKS && output_pump(o); i++)
                        ;
        while (wait_for_clients(o, deadline));
        for (int i = 0; i < 2; i++)
                line_end(&o->lines[i], take_line, &(Stream){o, i});
        while (o->n_sinks > 0)
                sink_remove(o, o->n_sinks - 1);
}

char **output_lines(const Output *o)
{
        _cleanup_strv_free_ char **lines = calloc(1, sizeof(char *));

        for (size_t i = 0; lines && i < o->n_tail;) {
                const char *end = memchr(o->tail + i, '\n', o->n_tail - i);
                size_t n = end ? (size_t)(end - (o->tail + i)) : o->n_tail - i;
                _cleanup_free_ char *line = strndup(o->tail + i, n);

                if (!line || strv_push(&lines, line) < 0)
                        return NULL;
                i += n + 1;
        }
        return TAKE_PTR(lines);
}
