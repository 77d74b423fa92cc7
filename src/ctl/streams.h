/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The three streams of a command inside. Pipes, sockets, files and /dev/null of ours go to it as
 * they are; a terminal of ours is never given away: the command gets a pipe, and we copy. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>

#define STREAMS 3

typedef struct Streams {
        int guest[STREAMS]; /* for the command; negative: none, it gets /dev/null */
        int ours[STREAMS];  /* our end of the pipe; negative: nothing is to be copied */
} Streams;

/** streams_open() - decide for each stream, and make the pipes
 * @with_terminal_input connect standard input also where it is a terminal
 * @ret                 streams_close_guest() once sent; the ends in ours belong to the caller
 * Return: 0; negative errno with a Fault. */
int streams_open(bool with_terminal_input, Streams *ret, Fault *reterr);

/** streams_close_guest() - close the pipe ends that the command has got by now
 * Without this no end of a stream is ever seen. */
void streams_close_guest(Streams *s);
