/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a request failed: a code that becomes a D-Bus error name (bus/bus-error.c) and one sentence
 * that names the object. Functions return negative errno; a Fault is the detail beside it, set
 * once, where the reason is known. Used by every process; must stay libc only. */
#pragma once

#include "base/cleanup.h"

typedef enum FaultCode {
        FAULT_NONE,
        FAULT_FAILED,
        FAULT_NO_SUCH_MACHINE,
        FAULT_NO_SUCH_IMAGE,
        FAULT_NO_SUCH_PROCESS,
        FAULT_NO_SUCH_VOLUME,
        FAULT_NO_SUCH_JOB,
        FAULT_NO_SUCH_NETWORK,
        FAULT_NO_SUCH_PORT,
        FAULT_NO_SUCH_MOUNT,
        FAULT_EXISTS,
        FAULT_NOT_RUNNING,
        FAULT_BUSY,
        FAULT_PAUSED,
        FAULT_INVALID_NAME,
        FAULT_INVALID_OPTION,
        FAULT_NOT_SUPPORTED,
        FAULT_NOT_AUTHORIZED,
        FAULT_CANCELLED,
        FAULT_TIMED_OUT,
        FAULT_NO_SPACE,
        FAULT_PULL_FAILED,
        FAULT_IMPORT_FAILED,
        FAULT_START_FAILED,
        FAULT_EXEC_FAILED,       /* found, but cannot be executed: exit status 126 */
        FAULT_COMMAND_NOT_FOUND, /* exit status 127 */
        _FAULT_CODE_MAX,
} FaultCode;

typedef struct Fault {
        FaultCode code;
        int error;     /* positive errno, 0 if none applies */
        char *message; /* one sentence, no full stop, no newline; NULL after OOM */
} Fault;

/** fault_set() - record why a request failed; the first reason wins
 * @f      may be NULL: nothing is recorded
 * @code   what kind of failure
 * @error  positive or negative errno, 0 if none applies
 * @format printf format of the sentence: what failed on which object and why
 * Return: negative errno to pass on: -@error, or one that fits @code where @error is 0. */
int fault_set(Fault *f, FaultCode code, int error, const char *format, ...) _printf_(4, 5);

/** fault_done() - free what a Fault holds and make it empty again
 * @f may be NULL */
void fault_done(Fault *f);

/** fault_code_name() - the last word of the D-Bus error name, such as "NoSuchMachine"
 * Return: static string; NULL for FAULT_NONE and out of range. */
const char *fault_code_name(FaultCode code);

/** fault_code_from_name() - inverse of fault_code_name()
 * Return: the code; FAULT_FAILED for a name that is not known. */
FaultCode fault_code_from_name(const char *name);

#define _cleanup_fault_ _cleanup_(fault_done)
