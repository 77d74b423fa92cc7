/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pipes for splice(2). A connection has one only while bytes lie in it, so that those that idle
 * take two descriptors and no more. */
#pragma once

#include <stddef.h>

typedef struct PipePool PipePool;

typedef struct Pipe {
        int read_fd, write_fd; /* -EBADF: none */
        size_t n;              /* bytes in it */
} Pipe;

#define PIPE_NONE ((Pipe){.read_fd = -EBADF, .write_fd = -EBADF})

/** pipe_pool_new() - an empty one */
PipePool *pipe_pool_new(void);
/** pipe_pool_free() - NULL is fine; all pipes must have been given back */
void pipe_pool_free(PipePool *pool);
/** pipe_pool_take() - give @pipe one if it has none
 * Return: 0; -EMFILE.. */
int pipe_pool_take(PipePool *pool, Pipe *pipe);
/** pipe_pool_give() - take it back; one with bytes in it is closed; none is fine */
void pipe_pool_give(PipePool *pool, Pipe *pipe);
