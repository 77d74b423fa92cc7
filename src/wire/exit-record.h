/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /run/lodge/exit/NAME: how a machine's last run ended. Written by the shim before it exits, so
 * that it is there when lodged was not; kept until the next start or the removal. The space that it
 * needs is reserved in .#NAME before PID 1 runs. Where that is left and no shim is there, the shim
 * was killed. Lines of KEY=VALUE; OUTPUT= lines are PID 1's last output, oldest first, cleaned for
 * display. */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

/* The machine's StateReason code, and the word in the record. */
#define EXIT_CAUSE_EXITED    "exited"    /* PID 1 exited by itself: status */
#define EXIT_CAUSE_KILLED    "killed"    /* PID 1 was ended by a signal: signal */
#define EXIT_CAUSE_OOM       "oom"       /* ... of the kernel's OOM killer */
#define EXIT_CAUSE_STOPPED   "stopped"   /* asked to stop, and did */
#define EXIT_CAUSE_TIMEOUT   "timeout"   /* asked to stop, killed at the deadline */
#define EXIT_CAUSE_UNHEALTHY "unhealthy" /* stopped or killed for its health: message */
#define EXIT_CAUSE_SHUTDOWN  "shutdown"  /* powered off or halted from inside */
#define EXIT_CAUSE_FAILED    "failed"    /* the start failed: phase, object, error, message */
#define EXIT_CAUSE_LOST      "lost"      /* the shim was killed: written by lodged */

#define EXIT_RECORD_SIZE_MAX  65536U
#define EXIT_RECORD_LINES_MAX 32U

typedef struct ExitRecord {
        char *cause;
        char *phase, *object, *message; /* of a failed start */
        int error;                      /* positive errno, 0 none */
        int status;                     /* exit status; 128+N for signal N; -1 unknown */
        int signal;                     /* 0 none */
        uint64_t when_usec;             /* CLOCK_REALTIME */
        char **output;
} ExitRecord;

/** exit_record_reserve() - take the space for a record without output, in .#NAME
 * Return: 0; negative errno, nothing is left: no record could be written. */
int exit_record_reserve(int dirfd, const char *name);
/** exit_record_release() - delete what was reserved, if anything */
void exit_record_release(int dirfd, const char *name);
/** exit_record_write() - write it to @dirfd/@name, into the reserved space where there is some
 * If there is not enough space the output is left out. Not synced: /run does not outlive the host.
 * Return: 0; negative errno, the old record is still there. */
int exit_record_write(int dirfd, const char *name, const ExitRecord *r);
/** exit_record_reserved() - the machine's name if that is the name of a reservation, else NULL */
const char *exit_record_reserved(const char *filename);
/** exit_record_read() - read it
 * Return: 0; -ENOENT none; -EBADMSG malformed. */
int exit_record_read(int dirfd, const char *name, ExitRecord *ret);
/** exit_record_parse() - the text form (tests, fuzzers)
 * @text NUL-terminated, modified
 * Return: 0; -EBADMSG; -ENOMEM. */
int exit_record_parse(char *text, ExitRecord *ret);
/** exit_record_done() - free what @r holds; @r itself is the caller's */
void exit_record_done(ExitRecord *r);
#define _cleanup_exit_record_ _cleanup_(exit_record_done)
