/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lodge-import can do: one function each, and what it needs of the system. */
#pragma once

#include "import/job.h"

typedef int (*OperationRun)(Job *job, JobResult *ret, Fault *reterr);

typedef struct Operation {
        const char *name; /* as in the order's op= */
        OperationRun run;
        const OrderKey *keys;
        bool network;       /* opens sockets */
        bool store;         /* reads the store: a job of lodge-export@.service */
        bool owns_files;    /* makes files of any owner and mode */
        bool makes_nothing; /* needs no directory of its own */
        bool guest; /* enters a machine: a job of lodge-copy@.service or lodge-files@.service */
} Operation;

/** operation_find() - NULL for one that is not known */
const Operation *operation_find(const char *name);

/** op_import() - make an image of what comes through a descriptor */
int op_import(Job *job, JobResult *ret, Fault *reterr);
/** op_pull() - make an image of what a registry has */
int op_pull(Job *job, JobResult *ret, Fault *reterr);
/** op_push() - give an image to a registry */
int op_push(Job *job, JobResult *ret, Fault *reterr);
/** op_export() - write an image to a descriptor */
int op_export(Job *job, JobResult *ret, Fault *reterr);
/** op_commit() - make an image of a machine's writable layer and what is below it */
int op_commit(Job *job, JobResult *ret, Fault *reterr);
/** op_clone() - copy a directory or disk image */
int op_clone(Job *job, JobResult *ret, Fault *reterr);
/** op_copy_to() - write the files of an archive into a machine */
int op_copy_to(Job *job, JobResult *ret, Fault *reterr);
/** op_copy_from() - write files of a machine as an archive */
int op_copy_from(Job *job, JobResult *ret, Fault *reterr);
/** op_diff() - list what a writable layer changes */
int op_diff(Job *job, JobResult *ret, Fault *reterr);
/** op_usage() - list what takes how much room in the store */
int op_usage(Job *job, JobResult *ret, Fault *reterr);
/** op_verify() - list what in the store is not what its digest says */
int op_verify(Job *job, JobResult *ret, Fault *reterr);
