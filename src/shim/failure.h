/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a start or an exec failed, as a fixed-size record that a child can write to its parent. */
#pragma once

#include "base/fault.h"

typedef struct Failure {
        int error; /* positive errno; 0: no failure */
        FaultCode code;
        char phase[64];   /* what was being done: "mount", "execute": follows "cannot" */
        char object[256]; /* on what; may be cut */
        char reason[256]; /* instead of the errno's text; empty: that text */
} Failure;

/** failure_set() - record a failure; the first one wins
 * @error positive or negative errno
 * Return: the negative errno. */
int failure_set(Failure *f, FaultCode code, int error, const char *phase, const char *object);

/** failure_reason() - record a failure whose whole sentence is known
 * Return: the negative errno. */
int failure_reason(Failure *f, FaultCode code, int error, const char *phase, const char *sentence);

/** failure_message() - the sentence, such as "cannot execute '/sbin/init': No such file or
 * directory"
 * Return: newly allocated, caller frees; NULL on OOM. */
char *failure_message(const Failure *f);
