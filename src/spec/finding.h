/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong in files: collected while they are read to their end, so that all of it can be
 * told. libc only. */
#pragma once

#include "base/cleanup.h"
#include "base/fault.h"

#include <stddef.h>

typedef enum FindingLevel {
        FINDING_WARNING, /* ignored: a word that is not known */
        FINDING_ERROR,   /* the whole cannot be used */
} FindingLevel;

typedef struct Finding {
        FindingLevel level;
        char *path;            /* of the file; NULL: of none */
        unsigned line, column; /* from 1; column in bytes; 0: the file as a whole */
        char *message;         /* one sentence as in Fault */
        char *hint;            /* what to do about it; NULL: the sentence says it */
} Finding;

typedef struct Findings {
        Finding *list; /* in the order in which they were found */
        size_t n;
} Findings;

/** findings_add() - one more
 * @message,@hint copied; the hint may be NULL
 * Return: 0; -ENOMEM. */
int findings_add(Findings *f, const Finding *finding);
/** findings_done() - free what it holds */
void findings_done(Findings *f);
#define _cleanup_findings_ _cleanup_(findings_done)

/** finding_text() - "PATH:LINE:COLUMN: message; hint", for a log or an error
 * Return: newly allocated, caller frees; NULL on OOM. */
char *finding_text(const Finding *f);

/** findings_first_error() - the reason why the files cannot be used; NULL: they can */
const Finding *findings_first_error(const Findings *f);
/** findings_fault() - that as a fault
 * Return: 0 there is no error; -EINVAL with FAULT_INVALID_OPTION. */
int findings_fault(const Findings *f, Fault *reterr);
