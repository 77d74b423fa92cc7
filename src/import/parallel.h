/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same work on many things, by a few threads. */
#pragma once

#include "base/fault.h"

#include <stddef.h>

#define PARALLEL_MAX 2 /* each unpacks or packs with threads of its own, and up to 24 MB */

typedef struct ParallelWork {
        size_t n;                                            /* how many things */
        int (*run)(void *userdata, size_t i, Fault *reterr); /* from any thread; each i once */
        void (*cancel)(void *userdata); /* one has failed: let the others end; may be NULL */
        void *userdata;
} ParallelWork;

/** parallel_run() - do all of it, in order of i as far as that goes
 * Return: 0; the first failure, after all threads have ended. */
int parallel_run(const ParallelWork *work, Fault *reterr);
