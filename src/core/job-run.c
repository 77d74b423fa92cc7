/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job's worker: from the start of its unit to the end of that. The worker reads what strangers
 * wrote and may be in their hands: what it says is checked. */
#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "core/job-internal.h"
#include "core/job-pause.h"
#include "core/manager.h"
#include "core/store.h"
#include "core/uid-range.h"
#include "spec/reference.h"

#include <string.h>

#define CONNECT_USEC (60 * UINT64_C(1000000)) /* from the start of its unit */
#define ITEMS_MAX    256
#define SHOWN_MAX    80
#define MESSAGE_MAX  1024
#define N_SAMPLES    8
#define SAMPLE_USEC  500000U

/* ---- the end ---- */

static void set_phase(Job *j, const char *phase)
{
        char *old = j->phase; /* which may be what is given */

        j->phase = text_for_display(phase, SHOWN_MAX) ?: g_strdup("");
        g_free(old);
}

static void believe(Job *j);

/* Nothing of the worker is there any more. */
static void clean_up(Job *j)
{
        Manager *manager = j->manager;
        _cleanup_fault_ Fault f = {0};

        j->has_unit = false;
        if (j->last.type != 0 && !job_has_ended(j)) {
                believe(j); /* which ends here again */
                return;
        }
        manager->units.unwatch(manager->units.userdata, j->unit);
        manager->units.forget(manager->units.userdata, j->unit);
        if (j->uid_lock >= 0) {
                j->uid_lock = close_fd(j->uid_lock);
                uid_range_release(manager->root, j->uid);
        }
        if (store_trash(manager->root, LODGE_STORE_INCOMING, j->id, &f) < 0)
                manager_warn(manager, NULL, f.message);
        /* Layers that are complete stay for the next try, unless they are what fills the disk. */
        if (j->fault.code == FAULT_NO_SPACE)
                store_drop_unreferenced(manager, NULL, NULL);
        manager_sweep(manager);
        job_answer(j);
        job_expire(j);
}

static void stop_unit(Job *j)
{
        UnitPort *units = &j->manager->units;

        if (!j->has_unit) {
                clean_up(j);
                return;
        }
        if (j->is_stopping)
                return;
        j->is_stopping = true;
        if (units->stop(units->userdata, j->unit) < 0)
                clean_up(j); /* out of memory: better too early than never */
}

void job_end(Job *j, JobState state, Frame *result, const Fault *fault)
{
        JobDoneFn done = TAKE_PTR(j->done);
        Manager *manager = j->manager;

        j->timer = sd_event_source_disable_unref(j->timer);
        j->state = state;
        job_pause_end(j);
        j->rate = j->expected_end_usec = 0;
        set_phase(j, "");
        if (fault)
                (void)fault_set(&j->fault, fault->code, fault->error, "%s", fault->message ?: "");
        j->link = link_close(j->link); /* for the worker, that is the end */
        for (size_t i = 0; i < j->n_fds; i++)
                j->fds[i] = close_fd(j->fds[i]);
        j->n_fds = 0;
        if (!j->is_hidden)
                manager_job_changed(j, JOB_CHANGED_STATE);
        if (done)
                done(j->userdata, j, result, fault ? &j->fault : NULL);
        job_answer(j);
        stop_unit(j);
        jobs_schedule(manager);
}

static void fail(Job *j, const Fault *f)
{
        static const Fault oom = {.code = FAULT_FAILED, .error = ENOMEM};

        job_end(j, JOB_FAILED, NULL, f->code == FAULT_NONE ? &oom : f);
}

static void fail_with(Job *j, FaultCode code, int error, const char *message)
{
        _cleanup_fault_ Fault f = {0};

        (void)fault_set(&f, code, error, "%s", message);
        fail(j, &f);
}

/* ---- the beginning ---- */

static int on_no_connection(sd_event_source *source, uint64_t usec, void *userdata)
{
        fail_with(userdata, FAULT_TIMED_OUT, ETIMEDOUT,
                  "The worker has not connected in time; see the journal of its unit");
        return 0;
}

static int begin(Job *j, Fault *reterr)
{
        Manager *manager = j->manager;
        UnitPort *units = &manager->units;
        _cleanup_free_ char *owner = g_strconcat("job-", j->id, NULL);
        int r = j->makes_nothing ? 0 : store_make_incoming(manager->root, j->id, reterr);

        r = r < 0 ? r : uid_range_take(manager->root, owner, &j->uid, &j->uid_lock, reterr);
        if (r < 0)
                return r;
        r = units->start(units->userdata, j->unit);
        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r, "Cannot ask systemd to start %s: %s",
                                 j->unit, strerror(-r));
        j->has_unit = true;
        (void)sd_event_add_time_relative(manager->event, &j->timer, CLOCK_MONOTONIC, CONNECT_USEC,
                                         0, on_no_connection, j);
        return 0;
}

void job_begin(Job *j)
{
        _cleanup_fault_ Fault f = {0};

        j->state = JOB_RUNNING;
        set_phase(j, "starting");
        if (begin(j, &f) < 0) {
                fail(j, &f);
                return;
        }
        if (!j->is_hidden)
                manager_job_changed(j, JOB_CHANGED_PROGRESS);
}

static int on_begin(sd_event_source *source, uint64_t usec, void *userdata)
{
        Job *j = userdata;

        j->timer = sd_event_source_disable_unref(j->timer);
        job_begin(j);
        return 0;
}

void job_begin_later(Job *j)
{
        (void)sd_event_add_time_relative(j->manager->event, &j->timer, CLOCK_MONOTONIC, 0, 1,
                                         on_begin, j);
}

/* ---- its unit ---- */

void job_unit_started(Job *j, const char *error)
{
        UnitPort *units = &j->manager->units;

        if (job_has_ended(j) || j->link)
                return;
        if (error) {
                _cleanup_free_ char *message =
                        g_strdup_printf("systemd cannot start %s: %s", j->unit, error);

                j->has_unit = false;
                fail_with(j, FAULT_FAILED, 0, message);
                return;
        }
        /* it may end before it connects */
        (void)units->watch(units->userdata, j->unit); /* without memory: the time runs out */
}

void job_unit_ended(Job *j)
{
        if (j->link)
                link_drain(j->link); /* what it said last */
        if (!job_has_ended(j) && j->last.type == 0) {
                _cleanup_free_ char *message = g_strdup_printf(
                        "The worker has ended without a result; see 'journalctl -u %s'", j->unit);

                j->has_unit = false;
                fail_with(j, FAULT_FAILED, ECHILD, message);
                return;
        }
        if (j->has_unit)
                clean_up(j);
}

/* ---- what it says ---- */

/* Over the last seconds: the bytes of a layer come in bursts. */
static void sample(Job *j)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC);
        size_t n = j->n_samples;

        if (n > 0 && j->bytes < j->sample_bytes[n - 1])
                n = j->n_samples = 0; /* another phase counts anew */
        if (n == 0 || now - j->sample_usec[n - 1] >= SAMPLE_USEC) {
                if (n == N_SAMPLES) {
                        memmove(j->sample_usec, j->sample_usec + 1, (n - 1) * sizeof(uint64_t));
                        memmove(j->sample_bytes, j->sample_bytes + 1, (n - 1) * sizeof(uint64_t));
                        n--;
                }
                j->sample_usec[n] = now;
                j->sample_bytes[n++] = j->bytes;
                j->n_samples = n;
        }
        uint64_t time = now - j->sample_usec[0], bytes = j->bytes - j->sample_bytes[0];
        j->rate = time >= SAMPLE_USEC ? (uint64_t)((double)bytes * 1e6 / (double)time) : 0;
        j->expected_end_usec = 0;
        if (j->rate > 0 && j->total > j->bytes)
                j->expected_end_usec =
                        now_usec(CLOCK_REALTIME) +
                        (uint64_t)((double)(j->total - j->bytes) * 1e6 / (double)j->rate);
}

static void apply_progress(Job *j, const Frame *f)
{
        size_t offset = 0;
        Frame told;

        set_phase(j, frame_string(f, FRAME_PHASE) ?: j->phase);
        j->bytes = frame_number(f, FRAME_BYTES, 0);
        j->total = frame_number(f, FRAME_TOTAL, 0);
        sample(j);
        g_array_set_size(j->items, 0);
        while (j->items->len < ITEMS_MAX && frame_next_group(f, FRAME_ITEM, &offset, &told)) {
                JobItem item = {
                        .name = text_for_display(frame_string(&told, FRAME_ITEM) ?: "", SHOWN_MAX),
                        .phase =
                                text_for_display(frame_string(&told, FRAME_PHASE) ?: "", SHOWN_MAX),
                        .bytes = frame_number(&told, FRAME_BYTES, 0),
                        .total = frame_number(&told, FRAME_TOTAL, 0),
                };

                g_array_append_val(j->items, item);
        }
        if (!j->is_hidden)
                manager_job_changed(j, JOB_CHANGED_PROGRESS);
}

static void apply_layer(Job *j, const Frame *f)
{
        const char *digest = frame_string(f, FRAME_DIGEST);
        _cleanup_fault_ Fault fault = {0};

        if (!digest_is_valid(digest))
                (void)fault_set(&fault, FAULT_FAILED, EBADMSG,
                                "The worker names a layer by no digest");
        else if (store_take_layer(j->manager->root, j->id, digest, &fault) >= 0) {
                g_hash_table_add(j->layers, g_strdup(digest));
                job_pause_end(j); /* it has been read */
        }
        if (fault.code != FAULT_NONE)
                fail(j, &fault);
}

static void apply_result(Job *j, Frame *f)
{
        const char *message = frame_string(f, FRAME_MESSAGE);
        _cleanup_fault_ Fault fault = {0};

        if (message)
                j->result_message = text_for_display(message, MESSAGE_MAX);
        if (j->place && j->place(j, f, &fault) < 0)
                fail(j, &fault);
        else
                job_end(j, JOB_DONE, f, NULL);
}

static void apply_error(Job *j, const Frame *f)
{
        _cleanup_fault_ Fault told = {0}, shown = {0};

        (void)frame_fault(f, &told);
        _cleanup_free_ char *message = text_for_display(told.message ?: "", MESSAGE_MAX);
        (void)fault_set(&shown, fault_code_name(told.code) ? told.code : FAULT_FAILED, told.error,
                        "%s", message && *message ? message : "The worker has failed");
        fail(j, &shown);
}

static void apply_last(Job *j, Frame *f)
{
        if (f->type == FRAME_RESULT)
                apply_result(j, f);
        else
                apply_error(j, f);
}

static void believe(Job *j)
{
        _cleanup_frame_ Frame f = j->last;

        j->last = (Frame){0};
        apply_last(j, &f);
}

/* Who hears that files were copied starts the machine next: nothing is to be mounted then. */
static void keep_last(Job *j, Frame *f)
{
        j->last = *f;
        *f = (Frame){0};
        j->link = link_close(j->link); /* for the worker, that is the end */
        stop_unit(j);
}

static void on_frame(void *userdata, Link *link, Frame *f)
{
        Job *j = userdata;

        switch (f->type) {
        case FRAME_PROGRESS: apply_progress(j, f); break;
        case FRAME_LAYER: apply_layer(j, f); break;
        case FRAME_RESULT:
        case FRAME_ERROR:
                if (j->has_files)
                        keep_last(j, f);
                else
                        apply_last(j, f);
                break;
        default: break; /* of a later release */
        }
}

static void on_closed(void *userdata, Link *link)
{
        Job *j = userdata;
        UnitPort *units = &j->manager->units;

        j->link = link_close(j->link);
        /* it has ended without a word: its unit's end tells */
        if (units->watch(units->userdata, j->unit) < 0)
                job_unit_ended(j);
}

static const LinkHandlers handlers = {on_frame, on_closed};

/* ---- its order ---- */

static void add_layers(Job *j, FrameWriter *w)
{
        _cleanup_strv_free_ char **layers = store_layers(j->manager->root);

        STRV_FOREACH (digest, layers) {
                frame_add_string(w, FRAME_HAVE, *digest);
                g_hash_table_add(j->layers, g_strdup(*digest));
        }
}

static int send_order(Job *j, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        char uid[32];

        link_begin(j->link, &w, FRAME_ORDER);
        frame_add_strv(&w, FRAME_ARG, j->args);
        (void)snprintf(uid, sizeof(uid), "uid=%u", j->uid);
        frame_add_string(&w, FRAME_ARG, uid);
        if (j->tell_layers)
                add_layers(j, &w);
        for (size_t i = 0; i < j->n_fds; i++)
                frame_add_fd(&w, j->fds[i]);
        int r = link_send(j->link, &w, NULL, NULL, NULL);
        for (size_t i = 0; i < j->n_fds; i++)
                j->fds[i] = close_fd(j->fds[i]);
        j->n_fds = 0;
        return r < 0 ? fault_set(reterr, FAULT_FAILED, r, "Cannot send the worker its order: %s",
                                 strerror(-r))
                     : 0;
}

static void order_now(Job *j)
{
        _cleanup_fault_ Fault f = {0};

        /* without a link its unit's end tells */
        if (j->link && send_order(j, &f) < 0)
                fail(j, &f);
}

bool job_hello(Manager *manager, const char *id, const char *unit, Link *link)
{
        Job *j = job_of_unit(manager, unit);
        _cleanup_fault_ Fault f = {0};

        if (!j || !streq(j->id, id) || j->link || j->state != JOB_RUNNING)
                return false;
        j->timer = sd_event_source_disable_unref(j->timer);
        manager->units.unwatch(manager->units.userdata, j->unit);
        link_set_handlers(link, &handlers, j);
        j->link = link;
        int r = job_pause_begin(j, order_now, &f);
        if (r == 0)
                r = send_order(j, &f);
        if (r < 0)
                fail(j, &f);
        return true;
}

/* ---- what an earlier lodged has left ---- */

typedef struct LostJob {
        char id[JOB_ID_SIZE];
        unsigned n_units; /* that have not ended yet */
} LostJob;

static void drop_lost(Manager *manager, LostJob *lost)
{
        _cleanup_fault_ Fault f = {0};

        if (store_trash(manager->root, LODGE_STORE_INCOMING, lost->id, &f) < 0)
                manager_warn(manager, NULL, f.message);
        g_hash_table_remove(manager->lost_jobs, lost->id);
        manager_sweep(manager);
}

/* Which of the workers it was nobody knows; to stop one that is not there is done at once. */
static void stop_lost(Manager *manager, const char *id)
{
        UnitPort *units = &manager->units;
        LostJob *lost = g_new0(LostJob, 1);

        (void)g_strlcpy(lost->id, id, sizeof(lost->id));
        g_hash_table_insert(manager->lost_jobs, lost->id, lost);
        for (JobWorker w = 0; w < _JOB_WORKER_MAX; w++) {
                _cleanup_free_ char *unit = job_unit_name(w, id);

                if (units->stop(units->userdata, unit) >= 0)
                        lost->n_units++;
        }
        if (lost->n_units == 0)
                drop_lost(manager, lost);
}

void jobs_sweep(Manager *manager)
{
        _cleanup_free_ char *path = store_path(manager->root, LODGE_STORE_INCOMING, NULL);
        _cleanup_closedir_ DIR *dir = opendir(path);

        for (struct dirent *e; dir && (e = readdir(dir));) {
                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                if (g_hash_table_contains(manager->jobs, e->d_name) ||
                    g_hash_table_contains(manager->hidden_jobs, e->d_name) ||
                    g_hash_table_contains(manager->lost_jobs, e->d_name))
                        continue;
                if (job_id_is_valid(e->d_name))
                        stop_lost(manager, e->d_name);
                else /* of nobody we know */
                        (void)store_trash(manager->root, LODGE_STORE_INCOMING, e->d_name, NULL);
        }
        store_sweep_temporary(manager->root, LODGE_STORE_IMAGES);
        store_sweep_temporary(manager->root, LODGE_STORE_VOLUMES);
        store_drop_unreferenced(manager, NULL, NULL);
        manager_sweep(manager);
}

void jobs_lost_stopped(Manager *manager, const char *unit)
{
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, manager->lost_jobs);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                LostJob *lost = p;

                for (JobWorker w = 0; w < _JOB_WORKER_MAX; w++) {
                        _cleanup_free_ char *own = job_unit_name(w, lost->id);

                        if (!streq(own, unit))
                                continue;
                        if (--lost->n_units == 0)
                                drop_lost(manager, lost);
                        return;
                }
        }
}
