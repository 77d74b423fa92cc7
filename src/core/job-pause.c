/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/job-pause.h"

#include "base/text.h"
#include "core/job-internal.h"
#include "core/machine.h"
#include "core/manager.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* What waits for the shim's answer: the job may end before. */
typedef struct Pending {
        Manager *manager;
        char id[JOB_ID_SIZE];
        JobHeldFn held;
} Pending;

static uint64_t hold_id(const Job *j)
{
        return strtoull(j->id, NULL, 16);
}

static void fail(Job *j, const Fault *fault)
{
        _cleanup_fault_ Fault f = {0};

        (void)fault_set(&f, fault->code, fault->error, "%s; with NoPause it is read while it runs",
                        fault->message ?: "the machine cannot be paused");
        job_end(j, JOB_FAILED, NULL, &f);
}

static void on_held(void *userdata, Frame *reply, const Fault *fault)
{
        _cleanup_free_ Pending *p = userdata;
        Job *j = g_hash_table_lookup(p->manager->jobs, p->id);
        _cleanup_fault_ Fault f = {0};

        if (!j || j->hold != JOB_HOLD_ASKED)
                return; /* it has ended, and its hold with it */
        if (!reply || reply->type == FRAME_DONE) {
                j->hold = JOB_HELD; /* without a reply the machine's end tells: job_pause_lost() */
                if (reply)
                        p->held(j);
                return;
        }
        j->hold = JOB_HOLD_NONE;
        (void)frame_fault(reply, &f);
        fail(j, &f);
}

int job_pause_begin(Job *j, JobHeldFn held, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        Machine *m = j->pauses ? manager_find(j->manager, j->object) : NULL;

        if (!m || machine_check_running(m, NULL) < 0)
                return 0;
        Pending *p = g_new0(Pending, 1);
        *p = (Pending){.manager = j->manager, .held = held};
        (void)g_strlcpy(p->id, j->id, sizeof(p->id));
        link_begin(m->link, &w, FRAME_HOLD);
        frame_add_number(&w, FRAME_ID, hold_id(j));
        j->hold = JOB_HOLD_ASKED;
        int r = link_send(m->link, &w, on_held, p, reterr);
        if (r < 0) {
                j->hold = JOB_HOLD_NONE;
                g_free(p);
        }
        return r < 0 ? r : 1;
}

void job_pause_end(Job *j)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        const Machine *m = j->hold != JOB_HOLD_NONE ? manager_find(j->manager, j->object) : NULL;

        j->hold = JOB_HOLD_NONE;
        if (!m || !m->link)
                return; /* it has ended */
        link_begin(m->link, &w, FRAME_RELEASE);
        frame_add_number(&w, FRAME_ID, hold_id(j));
        (void)link_send(m->link, &w, NULL, NULL, NULL); /* gone: then it is not held */
}

static Job *first_held(const Machine *m)
{
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, m->manager->jobs);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                Job *j = p;

                if (j->hold == JOB_HELD && streq(j->object, m->name))
                        return j;
        }
        return NULL;
}

void job_pause_lost(const Machine *m)
{
        Job *j;

        while ((j = first_held(m))) {
                _cleanup_fault_ Fault f = {0};

                (void)fault_set(&f, FAULT_CANCELLED, ECANCELED,
                                "Machine '%s' was stopped, or has ended, while what it has written "
                                "was read",
                                m->name);
                j->hold = JOB_HOLD_NONE;
                job_end(j, JOB_FAILED, NULL, &f);
        }
}
