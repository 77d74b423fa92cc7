/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/pipe-pool.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <glib.h>

#define KEPT_MAX  16
#define PIPE_SIZE (256 << 10)

struct PipePool {
        Pipe kept[KEPT_MAX];
        size_t n_kept;
};

PipePool *pipe_pool_new(void)
{
        return g_new0(PipePool, 1);
}

static void close_pipe(Pipe *pipe)
{
        (void)close_fd(pipe->read_fd);
        (void)close_fd(pipe->write_fd);
        *pipe = PIPE_NONE;
}

void pipe_pool_free(PipePool *pool)
{
        if (!pool)
                return;
        for (size_t i = 0; i < pool->n_kept; i++)
                close_pipe(&pool->kept[i]);
        g_free(pool);
}

int pipe_pool_take(PipePool *pool, Pipe *pipe)
{
        int fds[2];

        if (pipe->read_fd >= 0)
                return 0;
        if (pool->n_kept > 0) {
                *pipe = pool->kept[--pool->n_kept];
                return 0;
        }
        if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        /* fewer and larger steps; the kernel may refuse when all of a user's pipes are large */
        (void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE);
        *pipe = (Pipe){.read_fd = fds[0], .write_fd = fds[1]};
        return 0;
}

void pipe_pool_give(PipePool *pool, Pipe *pipe)
{
        if (pipe->read_fd >= 0 && pipe->n == 0 && pool->n_kept < KEPT_MAX)
                pool->kept[pool->n_kept++] = *pipe;
        else
                close_pipe(pipe);
        *pipe = PIPE_NONE;
}
