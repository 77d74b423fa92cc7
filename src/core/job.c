/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/job.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "core/job-internal.h"
#include "core/job-order.h"
#include "core/manager.h"
#include "core/store.h"
#include "core/uid-range.h"

#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#define RUNNING_MAX 3  /* jobs of callers at once; the rest waits */
#define QUEUED_MAX  64 /* and no more than that */
#define HIDDEN_MAX  32
#define AT_ONCE_MAX 32
#define EXPIRY_USEC (30 * UINT64_C(1000000))

static const char *const unit_prefixes[_JOB_WORKER_MAX] = {
        [JOB_IMPORT] = LODGE_IMPORT_UNIT_PREFIX, [JOB_EXPORT] = LODGE_EXPORT_UNIT_PREFIX,
        [JOB_WORK] = LODGE_WORK_UNIT_PREFIX,     [JOB_COPY] = LODGE_COPY_UNIT_PREFIX,
        [JOB_FILES] = LODGE_FILES_UNIT_PREFIX,
};

char *job_unit_name(JobWorker worker, const char *id)
{
        return g_strconcat(unit_prefixes[worker], id, LODGE_UNIT_SUFFIX, NULL);
}

const char *job_state_name(const Job *j)
{
        static const char *const names[_JOB_STATE_MAX] = {
                [JOB_QUEUED] = "running", [JOB_RUNNING] = "running",     [JOB_DONE] = "done",
                [JOB_FAILED] = "failed",  [JOB_CANCELLED] = "cancelled",
        };

        return names[j->state];
}

bool job_has_ended(const Job *j)
{
        return j->state != JOB_QUEUED && j->state != JOB_RUNNING;
}

bool job_is_over(const Job *j)
{
        return job_has_ended(j) && !j->has_unit;
}

double job_progress(const Job *j)
{
        if (j->state == JOB_DONE)
                return 1;
        return j->total == 0 ? -1 : (double)MIN2(j->bytes, j->total) / (double)j->total;
}

bool job_id_is_valid(const char *id)
{
        size_t n = id ? strnlen(id, JOB_ID_SIZE) : 0;

        return n == JOB_ID_SIZE - 1 && strspn(id, "0123456789abcdef") == n;
}

static void item_clear(void *p)
{
        JobItem *item = p;

        g_free(item->name);
        g_free(item->phase);
}

static Job *job_new(Manager *manager, JobOrder *o, const char *id)
{
        Job *j = g_new0(Job, 1);

        *j = (Job){
                .manager = manager,
                .worker = o->worker,
                .unit = job_unit_name(o->worker, id),
                .operation = o->operation,
                .object = g_strdup(o->object),
                .name = g_strdup(o->name),
                .owner = o->owner,
                .is_hidden = o->is_hidden,
                .at_once = o->at_once,
                .force = o->force,
                .has_files = o->has_files,
                .pauses = o->pauses,
                .of_machine = o->of_machine,
                .makes_nothing = o->makes_nothing,
                .state = JOB_QUEUED,
                .phase = g_strdup("waiting"),
                .started_usec = now_usec(CLOCK_REALTIME),
                .items = g_array_new(FALSE, TRUE, sizeof(JobItem)),
                .args = TAKE_PTR(o->args),
                .n_fds = o->n_fds,
                .tell_layers = o->tell_layers,
                .place = o->place,
                .done = o->done,
                .userdata = o->userdata,
                .layers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                .uid_lock = -EBADF,
        };
        (void)g_strlcpy(j->id, id, sizeof(j->id));
        memcpy(j->fds, o->fds, sizeof(j->fds));
        o->n_fds = 0;
        STRV_FOREACH (digest, o->layers)
                g_hash_table_add(j->layers, g_strdup(*digest));
        o->layers = strv_free(o->layers);
        j->data = TAKE_PTR(o->data);
        j->free_data = o->free_data;
        g_array_set_clear_func(j->items, item_clear);
        return j;
}

void job_free(void *p)
{
        Job *j = p;

        sd_event_source_disable_unref(j->timer);
        link_close(j->link);
        for (size_t i = 0; i < j->n_fds; i++)
                (void)close_fd(j->fds[i]);
        if (j->uid_lock >= 0) {
                j->uid_lock = close_fd(j->uid_lock);
                uid_range_release(j->manager->root, j->uid);
        }
        strv_free(j->args);
        if (j->data && j->free_data)
                j->free_data(j->data);
        g_hash_table_unref(j->layers);
        g_array_unref(j->items);
        fault_done(&j->fault);
        frame_done(&j->last);
        g_free(j->result);
        g_free(j->result_message);
        g_free(j->phase);
        g_free(j->object);
        g_free(j->name);
        g_free(j->unit);
        g_free(j);
}

/* ---- finding ---- */

int job_find(Manager *manager, const char *id, Job **ret, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(id, 64);

        if (!job_id_is_valid(id))
                return fault_set(reterr, FAULT_INVALID_NAME, EINVAL,
                                 "'%s' cannot be the ID of a job, which has 16 hexadecimal digits",
                                 shown ?: "");
        *ret = g_hash_table_lookup(manager->jobs, id);
        return *ret ? 0
                    : fault_set(reterr, FAULT_NO_SUCH_JOB, ENOENT, "There is no job %s (any more)",
                                id);
}

static Job *first_job(Manager *manager, bool (*fits)(const Job *j, const void *what),
                      const void *what)
{
        GHashTable *const tables[] = {manager->jobs, manager->hidden_jobs};

        for (size_t i = 0; i < ELEMENTSOF(tables); i++) {
                GHashTableIter it;
                void *j;

                g_hash_table_iter_init(&it, tables[i]);
                while (g_hash_table_iter_next(&it, NULL, &j))
                        if (fits(j, what))
                                return j;
        }
        return NULL;
}

/* What was added to a job's since, the descriptors, makes no other job of it. */
static bool begins_with(char *const *args, char *const *wanted)
{
        size_t n = strv_length(wanted);

        if (strv_length(args) < n)
                return false;
        for (size_t i = 0; i < n; i++)
                if (!streq(args[i], wanted[i]))
                        return false;
        return true;
}

static bool does_same(const Job *j, const void *what)
{
        const JobOrder *o = what;

        return !job_has_ended(j) && streq(j->operation, o->operation) &&
               streq(j->object, o->object) && streq(j->name, o->name) &&
               begins_with(j->args, o->args);
}

Job *job_find_same(Manager *manager, const JobOrder *order)
{
        return first_job(manager, does_same, order);
}

static bool makes(const Job *j, const void *what)
{
        return !job_has_ended(j) && j->name && streq(j->name, what);
}

Job *job_makes(Manager *manager, const char *name)
{
        return first_job(manager, makes, name);
}

static bool holds_layer(const Job *j, const void *what)
{
        return !job_has_ended(j) && g_hash_table_contains(j->layers, what);
}

bool job_holds_layer(Manager *manager, const char *digest)
{
        return first_job(manager, holds_layer, digest) != NULL;
}

static bool has_files_of(const Job *j, const void *what)
{
        return j->has_files && !job_is_over(j) && streq(j->object, what);
}

int job_check_files(Manager *manager, const char *machine, Fault *reterr)
{
        const Job *j = first_job(manager, has_files_of, machine);

        return !j ? 0
                  : fault_set(
                            reterr, FAULT_BUSY, EBUSY,
                            "Job %s copies files of machine '%s', which is stopped: wait until it "
                            "has ended, or cancel it",
                            j->id, machine);
}

static bool works_on(const Job *j, const void *what)
{
        return j->of_machine && streq(j->object, what) &&
               (!job_has_ended(j) || has_files_of(j, what));
}

Job *job_of_machine(Manager *manager, const char *machine)
{
        return first_job(manager, works_on, machine);
}

void job_cancel_files(Manager *manager, const char *machine)
{
        Job *j = first_job(manager, has_files_of, machine);

        if (j)
                job_cancel(j, NULL, NULL);
}

static bool is_of_unit(const Job *j, const void *what)
{
        return streq(j->unit, what);
}

Job *job_of_unit(Manager *manager, const char *unit)
{
        return first_job(manager, is_of_unit, unit);
}

/* ---- making ---- */

/* Those that do not wait for each other are counted apart. */
static unsigned count_jobs(GHashTable *jobs, JobState state, bool at_once)
{
        GHashTableIter i;
        unsigned n = 0;
        void *j;

        g_hash_table_iter_init(&i, jobs);
        while (g_hash_table_iter_next(&i, NULL, &j))
                n += ((const Job *)j)->state == state && ((const Job *)j)->at_once == at_once;
        return n;
}

static int new_id(Manager *manager, const char *token, char ret[static JOB_ID_SIZE], Fault *reterr)
{
        uint64_t n = 0;

        if (token && *token && !job_id_is_valid(token))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "A token has 16 hexadecimal digits of lower case");
        if (token && *token)
                (void)g_strlcpy(ret, token, JOB_ID_SIZE);
        else {
                if (getrandom(&n, sizeof(n), 0) != sizeof(n))
                        return fault_set(reterr, FAULT_FAILED, errno,
                                         "Cannot make an ID for the job: %s", strerror(errno));
                (void)snprintf(ret, JOB_ID_SIZE, "%016" PRIx64, n);
        }
        if (g_hash_table_contains(manager->jobs, ret) ||
            g_hash_table_contains(manager->hidden_jobs, ret) ||
            g_hash_table_contains(manager->lost_jobs, ret))
                return fault_set(reterr, FAULT_EXISTS, EEXIST, "There is a job %s already", ret);
        return 0;
}

static int check_room(Manager *manager, const JobOrder *order, Fault *reterr)
{
        unsigned n, most = order->is_hidden ? HIDDEN_MAX : QUEUED_MAX;

        if (order->at_once) {
                n = count_jobs(manager->jobs, JOB_RUNNING, true);
                return n < AT_ONCE_MAX ? 0
                                       : fault_set(reterr, FAULT_BUSY, EBUSY,
                                                   "%u files are being copied already; try again "
                                                   "when one of these jobs has ended",
                                                   n);
        }
        n = order->is_hidden ? g_hash_table_size(manager->hidden_jobs)
                             : count_jobs(manager->jobs, JOB_QUEUED, false);
        return n < most
                       ? 0
                       : fault_set(reterr, FAULT_BUSY, EBUSY, "%u jobs wait already; try again", n);
}

static void begin_next(Manager *manager)
{
        while (count_jobs(manager->jobs, JOB_RUNNING, false) < RUNNING_MAX) {
                Job *oldest = NULL;
                GHashTableIter i;
                void *p;

                g_hash_table_iter_init(&i, manager->jobs);
                while (g_hash_table_iter_next(&i, NULL, &p)) {
                        Job *j = p;

                        if (j->state == JOB_QUEUED &&
                            (!oldest || j->started_usec < oldest->started_usec))
                                oldest = j;
                }
                if (!oldest)
                        return;
                job_begin(oldest);
        }
}

static int on_jobs_idle(sd_event_source *source, void *userdata)
{
        Manager *manager = userdata;

        manager->job_idle = sd_event_source_disable_unref(manager->job_idle);
        begin_next(manager);
        return 0;
}

void jobs_schedule(Manager *manager)
{
        if (!manager->job_idle)
                (void)sd_event_add_defer(manager->event, &manager->job_idle, on_jobs_idle, manager);
}

static int add_job(Manager *manager, JobOrder *order, Job **ret, Fault *reterr)
{
        char id[JOB_ID_SIZE];
        int r = new_id(manager, order->token, id, reterr);

        if (r < 0) {
                order_done(order);
                return r;
        }
        Job *j = job_new(manager, order, id);
        g_hash_table_insert(j->is_hidden ? manager->hidden_jobs : manager->jobs, j->id, j);
        *ret = j;
        return 0;
}

int job_start(Manager *manager, JobOrder *order, Job **ret, Fault *reterr)
{
        int r = check_room(manager, order, reterr);

        if (r < 0) {
                order_done(order);
                return r;
        }
        r = add_job(manager, order, ret, reterr);
        if (r < 0)
                return r;
        if (!(*ret)->is_hidden)
                manager_job_added(*ret);
        if ((*ret)->at_once)
                (*ret)->state = JOB_RUNNING; /* is counted as such from now on */
        if ((*ret)->is_hidden || (*ret)->at_once)
                job_begin_later(*ret);
        else
                jobs_schedule(manager);
        return 0;
}

int job_finished(Manager *manager, JobOrder *order, const char *result, Job **ret, Fault *reterr)
{
        int r = add_job(manager, order, ret, reterr);

        if (r < 0)
                return r;
        Job *j = *ret;
        j->state = JOB_DONE;
        j->result = g_strdup(result);
        g_free(j->phase);
        j->phase = g_strdup("");
        manager_job_added(j);
        job_expire(j);
        return 0;
}

/* ---- after the end ---- */

void job_drop(Job *j)
{
        Manager *manager = j->manager;

        if (j->is_hidden) {
                g_hash_table_remove(manager->hidden_jobs, j->id);
        } else {
                manager_job_removed(j);
                g_hash_table_remove(manager->jobs, j->id);
        }
}

static int on_expiry(sd_event_source *source, uint64_t usec, void *userdata)
{
        job_drop(userdata);
        return 0;
}

void job_expire(Job *j)
{
        j->timer = sd_event_source_disable_unref(j->timer);
        (void)sd_event_add_time_relative(j->manager->event, &j->timer, CLOCK_MONOTONIC,
                                         j->is_hidden ? 0 : EXPIRY_USEC, 0, on_expiry, j);
}

/* ---- waiting ---- */

void job_answer(Job *j)
{
        GPtrArray *requests = j->manager->requests;

        for (guint i = requests->len; i-- > 0;) {
                Request *r = g_ptr_array_index(requests, i);
                bool is_met = r->kind == REQUEST_JOB_WAIT     ? job_has_ended(j)
                              : r->kind == REQUEST_JOB_CANCEL ? job_is_over(j)
                                                              : false;

                if (is_met && r->job == j)
                        request_answer(r, &(Answer){.job = j, .terminal_fd = -EBADF});
        }
}

void job_wait(Job *j, uint64_t timeout_usec, AnswerFn done, void *userdata)
{
        Request *r = request_new(j->manager, REQUEST_JOB_WAIT, NULL, done, userdata);

        r->job = j;
        if (job_has_ended(j))
                request_answer(r, &(Answer){.job = j, .terminal_fd = -EBADF});
        else
                request_set_timeout(r, timeout_usec);
}

void job_cancel(Job *j, AnswerFn done, void *userdata)
{
        if (done) {
                Request *r = request_new(j->manager, REQUEST_JOB_CANCEL, NULL, done, userdata);

                r->job = j;
        }
        if (!job_has_ended(j)) {
                _cleanup_fault_ Fault f = {0};

                (void)fault_set(&f, FAULT_CANCELLED, ECANCELED, "Job %s (%s of '%s') was cancelled",
                                j->id, j->operation, j->object ?: "");
                job_end(j, JOB_CANCELLED, NULL, &f);
                return; /* which has answered, if nothing is left of it */
        }
        job_answer(j);
}

static bool is_owned(const Job *j, const void *userdata)
{
        return j->done && j->userdata == userdata;
}

void job_forget_owner(Manager *manager, void *userdata)
{
        for (Job *j; (j = first_job(manager, is_owned, userdata));) {
                j->done = NULL;
                j->userdata = NULL;
                job_cancel(j, NULL, NULL);
        }
}
