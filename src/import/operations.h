/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lodge-import can do: one function each, and what it needs of the system. */
#pragma once

#include "import/job.h"

typedef int (*OperationRun)(Job *job, JobResult *ret, Fault *reterr);

typedef struct Operation {
        const char *name; /* as in the order's op= */
        OperationRun run;
        const OrderKey *keys;
        bool network;    /* opens sockets */
        bool store;      /* reads the store: a job of lodge-export@.service */
        bool owns_files; /* makes files of any owner and mode */
} Operation;

/** operation_find() - NULL for one that is not known */
const Operation *operation_find(const char *name);

/** op_import() - make an image of what comes through a descriptor */
int op_import(Job *job, JobResult *ret, Fault *reterr);
/** op_pull() - make an image of what a registry has */
int op_pull(Job *job, JobResult *ret, Fault *reterr);
/** op_push() - give an image to a registry */
int op_push(Job *job, JobResult *ret, Fault *reterr);
