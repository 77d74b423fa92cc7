/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

typedef struct Pool {
        const ParallelWork *work;
        atomic_size_t next;
        atomic_bool failed;
        pthread_mutex_t lock; /* of what follows */
        int result;
        Fault *reterr;
} Pool;

static void fail(Pool *p, int error, const Fault *fault)
{
        (void)pthread_mutex_lock(&p->lock);
        bool first = p->result >= 0;

        if (first) {
                p->result = error;
                if (fault->code)
                        (void)fault_set(p->reterr, fault->code, error, "%s",
                                        fault->message ?: strerror(-error));
        }
        (void)pthread_mutex_unlock(&p->lock);
        p->failed = true;
        if (first && p->work->cancel)
                p->work->cancel(p->work->userdata);
}

static void *work(void *userdata)
{
        Pool *p = userdata;
        size_t i;

        while (!p->failed && (i = atomic_fetch_add(&p->next, 1)) < p->work->n) {
                _cleanup_fault_ Fault fault = {0};
                int r = p->work->run(p->work->userdata, i, &fault);

                if (r < 0)
                        fail(p, r, &fault);
        }
        return NULL;
}

int parallel_run(const ParallelWork *w, Fault *reterr)
{
        pthread_t threads[PARALLEL_MAX - 1];
        Pool p = {.work = w, .reterr = reterr};
        size_t n_threads = 0;

        (void)pthread_mutex_init(&p.lock, NULL); /* cannot fail with default attributes */
        while (n_threads < PARALLEL_MAX - 1 && n_threads + 1 < w->n &&
               pthread_create(&threads[n_threads], NULL, work, &p) == 0)
                n_threads++; /* with fewer it takes longer, no more */
        (void)work(&p);
        for (size_t i = 0; i < n_threads; i++)
                (void)pthread_join(threads[i], NULL); /* fails only for what is no thread */
        (void)pthread_mutex_destroy(&p.lock);
        return p.result;
}
