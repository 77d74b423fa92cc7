/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that Exec(), Run(), Shell() or Login() started inside a machine. Known for a while
 * after its end. */
#pragma once

#include "base/fault.h"
#include "core/request.h"
#include "core/types.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stdint.h>

/* What to start. All strings are a caller's: checked by the bus face, passed on, never used here.
 */
typedef struct ProcessArgs {
        char *const *argv; /* empty with login: the user's login shell */
        char *const *environment;
        const char *user, *working_directory; /* NULL: root, home with login, else / */
        const int *stdio;                     /* three, borrowed; -EBADF: none */
        bool terminal;                        /* on a new terminal instead of stdio */
        bool login; /* as after a login: in the home, and with no argv the login shell */
        uint16_t rows, columns;
        uint32_t owner;    /* uid of the caller */
        bool needs_root;   /* asked for as exec-root */
        bool capture;      /* Run(): collect the output */
        const void *input; /* with capture */
        size_t n_input;
        uint64_t timeout_usec; /* with capture; UINT64_MAX: none */
} ProcessArgs;

/* Fields are for reading; the bus face shows them. */
struct Process {
        Manager *manager;
        char *machine; /* name */
        uint64_t id;
        char *key; /* "MACHINE/ID" */
        char **argv;
        const char *user; /* as given, "" for root */
        char *user_storage;
        uint32_t pid;
        uint32_t owner;
        bool needs_root;
        const char *state; /* "running", "exited" */
        int status, signal;
        Request *run; /* Run(): answered when the process has ended */
        sd_event_source *expiry;
};

/** process_start() - ask the machine's shim to start a program
 * @m    must run
 * @done with process and, with a terminal, its master; for capture when the program has ended
 * Return: 0 and the answer comes; negative errno, @done is not called. */
int process_start(Machine *m, const ProcessArgs *args, AnswerFn done, void *userdata,
                  Fault *reterr);

/** process_adopt() - know a program that an earlier lodged has started
 * @told the shim's group of fields about it; not trusted
 * One that is known already is left as it is. */
void process_adopt(Machine *m, const Frame *told);

/** process_signal() - send it a signal; no answer is awaited
 * Return: 0; -ESRCH it has ended, FAULT_NOT_RUNNING. */
int process_signal(Process *p, int sig, Fault *reterr);

/** process_kill() - the same, answered when it is done */
int process_kill(Process *p, int sig, AnswerFn done, void *userdata, Fault *reterr);

/** process_wait() - answer when it has ended; at once if it has */
void process_wait(Process *p, uint64_t timeout_usec, AnswerFn done, void *userdata);

/** process_exited() - the shim says that it has ended */
void process_exited(Process *p, int status, int sig);

/** process_free() - forget it; NULL is fine */
void process_free(Process *p);
