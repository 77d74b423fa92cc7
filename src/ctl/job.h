/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work that takes its time: the call that begins it gives a job, which is followed to its end. C-c
 * cancels it, and where lodged was restarted it is begun again. */
#pragma once

#include "ctl/json.h"

typedef struct JobRequest {
        const char *object; /* what it is about, for sentences: "docker.io/library/busybox" */
        const char *method; /* of the manager */
        /* Appends all arguments; the options have @token as Token. Returns negative errno, and may
         * set a Fault. */
        int (*append)(const Ctl *c, sd_bus_message *m, const char *token, void *userdata,
                      Fault *reterr);
        /* Can it be begun once more, from the start? NULL: always. */
        bool (*rewind)(void *userdata);
        /* It has failed: was that for a reason of our own, which is reported in place of the job's?
         * NULL: never. Return: the exit status; EXIT_OK: no. */
        int (*explain)(void *userdata);
        void *userdata;
        bool may_detach; /* --detach is about the job */
        bool is_brief;   /* progress only where somebody watches, or asks for it */
} JobRequest;

/** job_run() - begin it, and unless --detach is given follow it to its end
 * @ret_job the job's properties in the end, new reference; NULL where it was not waited for
 * Shows progress as --progress asks for; with --detach prints the job's ID. Reports failures.
 * Return: the exit status; 130 where C-c cancelled it. */
int job_run(Ctl *c, const JobRequest *request, json_t **ret_job);

/** job_follow() - follow a job that was begun by somebody else; C-c leaves it alone
 * Return: as job_run(). */
int job_follow(Ctl *c, const char *id, json_t **ret_job);

/** job_print_result() - what is printed when a job is done: the image's name and what it has to say
 * @job of job_run(); may be NULL */
void job_print_result(const Ctl *c, const json_t *job);
