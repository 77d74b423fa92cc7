/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copying bytes from one descriptor to another within an event loop, in one direction. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

typedef struct Copy Copy;

/* The source has ended, or the destination takes no more. */
typedef void (*CopyEnded)(Copy *copy, void *userdata);
/* ^]^]^] was typed. */
typedef void (*CopyEscaped)(void *userdata);

struct Copy {
        int from, to; /* -EBADF once closed */
        bool owns_from, owns_to;
        bool ends_with_eot;  /* send ^D when the source ends: the destination is a terminal */
        CopyEscaped escaped; /* NULL: no escape sequence */
        CopyEnded ended;     /* may be NULL */
        void *userdata;

        sd_event_source *reader, *writer;
        char *buffer;
        size_t start, fill;
        bool is_over;
        unsigned n_escapes;
        uint64_t first_escape_usec;
};

/** copy_start() - begin to copy
 * @copy filled in up to @userdata; must stay where it is until copy_done()
 * Descriptors that are owned are made non-blocking; others stay as they are, since other processes
 * may share them. Return: 0; negative errno. */
int copy_start(Copy *copy, sd_event *event);

/** copy_drain() - after the event loop: copy what is there, until the end or a quiet time
 * @quiet_msec how long to wait for more bytes */
void copy_drain(Copy *copy, int quiet_msec);

/** copy_done() - stop, and close what is owned */
void copy_done(Copy *copy);
