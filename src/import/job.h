/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One job: what its operation has at hand, and what it hands back. */
#pragma once

#include "import/link.h"
#include "import/order.h"
#include "import/progress.h"

#include <stddef.h>

typedef struct Job {
        Order *order;
        Progress *progress;
        Link *link; /* use job_layer_done() */
        struct MadeLayers *made;
        int incoming_fd; /* the job's directory, incoming/ID; -EBADF: it makes nothing */
        int store_fd;    /* the store, to read; -EBADF where the job may not see it */
        int layers_fd;   /* its layers, O_PATH, of which most jobs may learn owners and modes, but
                          * read no file; negative errno: none */
        int guest_fd;    /* the root of the machine that the job is in; -EBADF: of none */
        void *plan;      /* that it is started by, if it does not run; else NULL */
        size_t n_plan;
        uint64_t limit_bytes, limit_entries; /* of one layer or tree, unpacked; 0: the default */
} Job;

typedef struct JobResult {
        char *record;  /* of the image that was made */
        char **lines;  /* of diff, usage, verify */
        char *message; /* what else is to be told; NULL: nothing */
        char *digest;  /* of the manifest */
} JobResult;

/** job_result_done() - free what @r holds and make it empty */
void job_result_done(JobResult *r);
#define _cleanup_job_result_ _cleanup_(job_result_done)

/** job_layer_done() - tell lodged that a layer is complete and synced in incoming/ID/layers
 * lodged moves it away: it must not be used any more. */
int job_layer_done(Job *job, const char *diff_id, Fault *reterr);

/** job_write_blob() - put a manifest or configuration into incoming/ID/blobs, under its digest
 * @digest what it must have
 * Return: 0; -EBADMSG it has another. */
int job_write_blob(Job *job, const char *digest, const void *data, size_t n, Fault *reterr);
/** job_read_blob() - a manifest or configuration of the store
 * @max bytes it may have
 * @ret NUL-terminated, caller frees
 * Return: 0; -EBADMSG it is not what its digest says; -EFBIG; negative errno. */
int job_read_blob(const Job *job, const char *digest, size_t max, char **ret, size_t *ret_n,
                  Fault *reterr);
/** job_open_layer() - the directory of a layer in the store
 * Return: descriptor; negative errno. */
int job_open_layer(const Job *job, const char *diff_id, Fault *reterr);

/** job_open_tree() - the files of a layer in the store, to learn what its directories are like
 * Return: O_PATH descriptor; negative errno. */
int job_open_tree(const Job *job, const char *diff_id, Fault *reterr);

/** job_sync() - everything written so far is on the disk when it returns */
int job_sync(Job *job, Fault *reterr);

/** job_fault() - a failed system call of the job: "WHAT: reason", NoSpace where the disk is full
 * Return: negative errno. */
int job_fault(Fault *reterr, int error, const char *format, ...) _printf_(3, 4);
