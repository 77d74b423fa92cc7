/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PID 1's standard streams: its output goes line by line to the journal and to a short
 * tail that is kept, and as it is to everybody who has attached; what those send goes to its input.
 */
#pragma once

#include "shim/journal.h"
#include "shim/launch.h"
#include "shim/line.h"

#include <poll.h>
#include <stdbool.h>

#define OUTPUT_SINKS_MAX 8
#define OUTPUT_CHUNK                                                                               \
        4096 /* PIPE_BUF: a pipe that polls writable takes that much without blocking */
#define OUTPUT_TAIL     6144
#define OUTPUT_POLL_MAX (3 + OUTPUT_SINKS_MAX * 3)

typedef struct Sink {
        int fds[3];    /* the client's: input, output, errors; owned; -EBADF: none */
        char *pending; /* what fds[pending_fd] has not taken yet */
        size_t n_pending;
        int pending_fd;
} Sink;

typedef struct Output {
        Leader *leader; /* borrowed: its terminal, or pipes */
        Journal journal;
        Sink sinks[OUTPUT_SINKS_MAX];
        size_t n_sinks;
        LineReader lines[2];    /* of stdout and stderr */
        char tail[OUTPUT_TAIL]; /* whole cleaned lines, each with its '\n'; oldest first */
        size_t n_tail;
        uint64_t patience_usec; /* CLOCK_MONOTONIC: when a client that does not read is dropped; 0:
                                   never */
} Output;

/** output_attach() - copy to and from a client's descriptors
 * @fds moved on success; -EBADF where there is none
 * Return: 0; -EMFILE there are OUTPUT_SINKS_MAX already. */
int output_attach(Output *o, int fds[static 3]);

/** output_poll() - add what is to be waited for
 * @p   room for OUTPUT_POLL_MAX
 * Return: how many were added. A source is left out while a client has not taken the last chunk. */
size_t output_poll(Output *o, struct pollfd *p);

/** output_pump() - read and write what is possible without blocking
 * Return: true if something moved. */
bool output_pump(Output *o);

/** output_timeout() - µs until output_pump() has to look for clients that do not read; UINT64_MAX:
 * nothing to wait for */
uint64_t output_timeout(const Output *o);

/** output_finish() - PID 1 is gone: pass on what is left, end the clients' streams
 * @timeout_usec how long a client that does not read may hold us up */
void output_finish(Output *o, uint64_t timeout_usec);

/** output_lines() - the tail as lines; Return: new vector, caller frees; NULL on OOM. */
char **output_lines(const Output *o);
