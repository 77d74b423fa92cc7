/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Among core/job*.c. */
#pragma once

#include "core/job.h"

/** job_unit_name() - Return: newly allocated */
char *job_unit_name(JobWorker worker, const char *id);
/** job_id_is_valid() - 16 lower-case hexadecimal digits? */
bool job_id_is_valid(const char *id);
/** job_has_ended() - its result is known; its worker may still be there */
bool job_has_ended(const Job *j);

/** job_begin() - make its directory and start its worker's unit */
void job_begin(Job *j);
/** job_begin_later() - the same from the event loop, so that who asked hears of a failure */
void job_begin_later(Job *j);
/** jobs_schedule() - begin those that wait, if there is room; from the event loop */
void jobs_schedule(Manager *manager);
/** job_end() - its result is known: tell everybody, and let its worker go; may free @j
 * @result NULL unless @state is JOB_DONE
 * @fault  NULL if it is */
void job_end(Job *j, JobState state, Frame *result, const Fault *fault);
/** job_answer() - tell those who wait for its end */
void job_answer(Job *j);
/** job_expire() - forget it before long */
void job_expire(Job *j);
/** job_drop() - forget it; frees @j */
void job_drop(Job *j);
