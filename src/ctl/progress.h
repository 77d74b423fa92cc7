/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a job is, on standard error: on a terminal a line an item with a bar, which are drawn
 * again and again; otherwise a line a phase, or JSON. */
#pragma once

#include "ctl/json.h"

typedef enum ProgressForm {
        PROGRESS_NONE,
        PROGRESS_BARS,
        PROGRESS_PLAIN,
        PROGRESS_JSON,
} ProgressForm;

typedef struct Progress {
        ProgressForm form;
        const Verb *verb;
        unsigned n_drawn; /* lines on the terminal, the cursor is below them */
        char **said;      /* phases that have had their line */
} Progress;

/** progress_open() - what --progress asks for
 * Reports a form that there is not. Return: EXIT_OK, or another exit status. */
int progress_open(const Ctl *c, Progress *ret);

/** progress_show() - draw, or print what is new
 * @job its properties as far as they are known, with Items named; strings are cleaned */
void progress_show(Progress *p, const json_t *job);

/** progress_leave() - what was drawn stays; what is printed next comes below it */
void progress_leave(Progress *p);

/** progress_done() - free what it remembers */
void progress_done(Progress *p);
#define _cleanup_progress_ _cleanup_(progress_done)
