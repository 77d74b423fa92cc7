/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Being connected to something that runs inside, until it ends or the user detaches: copies
 * streams, passes on window sizes and signals, waits for the exit status. */
#pragma once

#include "ctl/copy.h"
#include "ctl/ctl.h"
#include "ctl/streams.h"

typedef struct Session Session;

struct Session {
        Ctl *c;
        const char *machine;
        /* What a verb wants to know; may be NULL. */
        void (*on_resize)(Session *s);
        void (*on_signal)(Session *s, int sig);
        void (*on_streams_end)(Session *s); /* both outputs that are copied have ended */
        void *userdata;

        sd_event *event;
        Copy copies[STREAMS];
        unsigned n_outputs; /* that are still copied */
        int master;         /* of a terminal inside; -EBADF: none */
        char *process;      /* object that is waited for */
        unsigned n_retries, n_lost;
        int early_signal; /* that came before the process is known; 0: none */
        bool is_raw, detached;
        int status;
};

/** session_open() - an event loop with the connection to lodged in it
 * @s zeroed, with c and machine set; must stay where it is
 * SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH and SIGCONT are handled from now on, SIGPIPE ignored.
 * Return: 0; negative errno with a Fault. */
int session_open(Session *s, Fault *reterr);

/** session_connect_streams() - copy the streams that could not be given away
 * @streams our ends are taken over
 * Return: 0; negative errno with a Fault. */
int session_connect_streams(Session *s, Streams *streams, Fault *reterr);

/** session_connect_terminal() - copy between our terminal, or streams, and a terminal inside
 * @master the guest's terminal; taken over
 * Return: 0; negative errno with a Fault. */
int session_connect_terminal(Session *s, int master, Fault *reterr);

/** session_make_raw() - let all keys through, and ^]^]^] detach, where both ends are a terminal */
void session_make_raw(Session *s);

/** session_wait_process() - end the session with the exit status of a process object
 * Return: 0; negative errno with a Fault. */
int session_wait_process(Session *s, const char *path, Fault *reterr);

/** session_signal_process() - on_signal of a session that waits for a process: pass the signal on
 * One that comes before lodged has told the process is kept for it, another one ends the session.
 */
void session_signal_process(Session *s, int sig);

/** session_fail() - report a failure and leave the event loop with its exit status
 * @r negative errno, used where @f is empty */
void session_fail(Session *s, int r, Fault *f);

/** session_end() - leave the event loop with an exit status */
void session_end(Session *s, int status);

/** session_run() - be connected until the end
 * @quiet_msec afterwards, how long to wait for more output
 * Return: the exit status. */
int session_run(Session *s, int quiet_msec);

/** session_close() - restore the terminal and close everything; may be called again */
void session_close(Session *s);
#define _cleanup_session_ _cleanup_(session_close)
