/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine stands still while a job reads what it has written: among core/job*.c and machine*.c.
 * Its shim holds it for as long as the connection with lodged lasts, so that it runs on whoever is
 * killed. */
#pragma once

#include "core/job.h"

/* Called once @j may go on; or it has failed by then. */
typedef void (*JobHeldFn)(Job *j);

/** job_pause_begin() - have the machine held, if the job wants that and the machine runs
 * Return: 1 and @held is called later, unless the job ends before; 0 there is nothing to wait for;
 * negative errno with a sentence. */
int job_pause_begin(Job *j, JobHeldFn held, Fault *reterr);
/** job_pause_end() - the job does not need it any more */
void job_pause_end(Job *j);
/** job_pause_lost() - @m runs again, or has ended: jobs that need it to stand still have failed */
void job_pause_lost(const Machine *m);
