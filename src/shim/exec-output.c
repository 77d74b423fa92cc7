/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/exec-output.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 4096
/* More than two pipes of the largest size, 1 MiB, can hold: somebody outside may have an end. */
#define DRAIN_CHUNKS 1024

ExecOutput *exec_output_free(ExecOutput *o)
{
        if (!o)
                return NULL;
        for (int i = 0; i < 2; i++)
                (void)close_fd(o->fds[i]);
        free(o);
        return NULL;
}

static int open_pipe(int *ours, int *theirs)
{
        int p[2];

        if (pipe2(p, O_CLOEXEC) < 0)
                return -errno;
        (void)fcntl(p[0], F_SETFL, O_NONBLOCK); /* of a pipe it cannot fail */
        *ours = p[0];
        *theirs = p[1];
        return 0;
}

int exec_output_new(const int stdio[static 3], int ends[static 2], ExecOutput **ret)
{
        ExecOutput *o;
        int r = 0;

        *ret = NULL;
        if (stdio[1] >= 0 && stdio[2] >= 0)
                return 0;
        o = calloc(1, sizeof(*o));
        if (!o)
                return -ENOMEM;
        o->fds[0] = o->fds[1] = -EBADF;
        for (int i = 0; i < 2 && r >= 0; i++)
                if (stdio[i + 1] < 0)
                        r = open_pipe(&o->fds[i], &ends[i]);
        if (r >= 0)
                *ret = TAKE_PTR(o);
        (void)exec_output_free(o);
        return r;
}

int exec_outputs_reserve(ExecOutputs *all)
{
        if (all->n >= EXEC_OUTPUTS_MAX)
                return -EMFILE;
        ExecOutput **grown = reallocarray(all->all, all->n + 1, sizeof(ExecOutput *));
        if (!grown)
                return -ENOMEM;
        all->all = grown;
        return 0;
}

void exec_outputs_add(ExecOutputs *all, ExecOutput *o, uint64_t id, pid_t pid, const char *command)
{
        _cleanup_free_ char *shown = text_for_display(command, sizeof(o->process.command) - 1);

        o->process.id = id;
        o->process.pid = pid;
        (void)snprintf(o->process.command, sizeof(o->process.command), "%s", shown ?: "");
        all->all[all->n++] = o;
}

size_t exec_outputs_poll(const ExecOutputs *all, struct pollfd *p)
{
        size_t n = 0;

        for (size_t i = 0; i < all->n; i++)
                for (int k = 0; k < 2; k++)
                        if (all->all[i]->fds[k] >= 0)
                                p[n++] = (struct pollfd){.fd = all->all[i]->fds[k],
                                                         .events = POLLIN};
        return n;
}

/* Of one of the streams of a program. */
typedef struct Stream {
        Journal *journal;
        ExecOutput *output;
        int stream;
} Stream;

static void take_line(void *userdata, const char *text, bool is_cut)
{
        const Stream *s = userdata;

        journal_line(s->journal, s->stream == 1 ? JOURNAL_STDERR : JOURNAL_STDOUT,
                     &s->output->process, text, is_cut);
}

static void end_stream(Stream *s)
{
        line_end(&s->output->lines[s->stream], take_line, s);
        s->output->fds[s->stream] = close_fd(s->output->fds[s->stream]);
}

/* Return: true if something was read. */
static bool pump_stream(Stream *s)
{
        int fd = s->output->fds[s->stream];
        char buf[CHUNK];

        if (fd < 0)
                return false;
        ssize_t n = read(fd, buf, sizeof(buf));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return false;
        if (n > 0)
                line_read(&s->output->lines[s->stream], buf, (size_t)n, take_line, s);
        else
                end_stream(s);
        return n > 0;
}

bool exec_outputs_pump(ExecOutputs *all, Journal *j)
{
        bool moved = false;

        for (size_t i = all->n; i > 0; i--) {
                ExecOutput *o = all->all[i - 1];

                for (int k = 0; k < 2; k++)
                        moved |= pump_stream(&(Stream){j, o, k});
                if (o->fds[0] >= 0 || o->fds[1] >= 0)
                        continue;
                (void)exec_output_free(o);
                all->all[i - 1] = all->all[--all->n];
        }
        return moved;
}

void exec_outputs_finish(ExecOutputs *all, Journal *j)
{
        for (int i = 0; i < DRAIN_CHUNKS && exec_outputs_pump(all, j); i++)
                ;
        for (size_t i = 0; i < all->n; i++)
                for (int k = 0; k < 2; k++)
                        end_stream(&(Stream){j, all->all[i], k});
        (void)exec_outputs_pump(all, j); /* frees them */
        free(all->all);
        *all = (ExecOutputs){0};
}
