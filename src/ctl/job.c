/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/job.h"

#include "base/names.h"
#include "base/text.h"
#include "client/client-object.h"
#include "ctl/polkit-agent.h"
#include "ctl/progress.h"
#include "ctl/report.h"

#include <signal.h>
#include <string.h>
#include <sys/random.h>

#define ID_DIGITS        16U
#define POLL_USEC        250000U /* where no signals tell */
#define RETRIES          25U     /* until lodged is there again */
#define RETRY_AFTER_USEC 200000U
#define RESTARTS_MAX     10U

typedef struct Job {
        Ctl *c;
        const JobRequest *request; /* NULL: it was begun by somebody else */
        const char *object;
        sd_event *event;
        char id[ID_DIGITS + 1];
        bool is_begun, is_asking, is_others; /* begun by somebody else */
        json_t *properties;
        Progress progress;
        sd_bus_slot *changed;
        sd_event_source *timer;
        unsigned n_retries, n_restarts;
        int signal; /* that cancelled it; 0: none */
        int status;
} Job;

static void end(Job *j, int status)
{
        j->status = status;
        (void)sd_event_exit(j->event, 0);
}

static void fail(Job *j, int r, Fault *f)
{
        progress_leave(&j->progress);
        (void)client_fault(NULL, r, f); /* where nothing is known but the number */
        end(j, report_fault(j->c, j->object, f));
}

static int begin(Job *j, Fault *reterr);
static int follow(Job *j, Fault *reterr);

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata);

/* Why what is there already counts from zero again. */
static void say_lost(Job *j)
{
        if (j->progress.form != PROGRESS_PLAIN && j->progress.form != PROGRESS_BARS)
                return;
        progress_leave(&j->progress);
        report_note(j->c, "lodged was stopped meanwhile; it is asked again.");
}

/* A job ends with the lodged that began it. What is pulled twice is the same as pulled once. */
static bool retry(Job *j, const Fault *f)
{
        if (!client_is_unreachable(f) || j->signal > 0)
                return false;
        if (client_is_lost(f)) {
                if (j->n_restarts++ >= RESTARTS_MAX)
                        return false;
                j->n_retries = 0; /* it was there: this is another restart */
        }
        if (j->n_restarts == 0 || j->n_retries++ >= RETRIES ||
            (j->request && j->request->rewind && !j->request->rewind(j->request->userdata)))
                return false;
        if (client_is_lost(f))
                say_lost(j);
        j->changed = sd_bus_slot_unref(j->changed);
        j->timer = sd_event_source_disable_unref(j->timer);
        j->is_begun = j->is_asking = false;
        return sd_event_add_time_relative(j->event, NULL, CLOCK_MONOTONIC, RETRY_AFTER_USEC, 0,
                                          on_retry, j) >= 0;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        Job *j = userdata;
        _cleanup_fault_ Fault fault = {0};
        int r = j->request ? begin(j, &fault) : follow(j, &fault);

        if (r < 0 && !retry(j, &fault))
                fail(j, r, &fault);
        return 0;
}

static int send_call(Job *j, sd_bus_message *m, sd_bus_message_handler_t on_answer, Fault *reterr)
{
        int r = sd_bus_call_async(client_bus(&j->c->client), NULL, m, on_answer, j, CLIENT_FOREVER);

        return r < 0 ? client_fault(NULL, r, reterr) : 0;
}

static void cancel(Job *j)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        /* It may have ended meanwhile: its end is what is waited for. */
        if (client_object_call_new(&j->c->client, "Cancel", "Job", j->id, &m, NULL) >= 0 &&
            sd_bus_message_append(m, "a{sv}", 0) >= 0)
                (void)sd_bus_send(client_bus(&j->c->client), m, NULL);
}

static void report_cancelled(Job *j)
{
        report_error("the job to %s '%s' was cancelled", j->c->verb->action, j->object);
        if (j->signal > 0)
                end(j, 128 + j->signal);
        else
                end(j, j->c->verb->passes_status ? EXIT_NOT_RUN : EXIT_FAILED);
}

static const char *string_of(const Job *j, const char *key)
{
        return json_string_value(json_object_get(j->properties, key)) ?: "";
}

/* The job's own failure is one of the call that began it. */
static void report_failed(Job *j)
{
        const char *name = string_of(j, "Error"), *message = string_of(j, "ErrorMessage");
        const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(
                *name ? name : SD_BUS_ERROR_FAILED, *message ? message : "no reason is known");
        _cleanup_fault_ Fault fault = {0};
        int status = j->request && j->request->explain ? j->request->explain(j->request->userdata)
                                                       : EXIT_OK;

        if (status != EXIT_OK) {
                end(j, status);
                return;
        }
        (void)client_fault(&error, 0, &fault);
        end(j, report_job_fault(j->c, j->object, &fault));
}

static void finish(Job *j, const char *state)
{
        progress_show(&j->progress, j->properties);
        progress_leave(&j->progress);
        if (streq(state, "done"))
                end(j, EXIT_OK);
        else if (streq(state, "cancelled"))
                report_cancelled(j);
        else
                report_failed(j);
}

static int read_properties(Job *j, sd_bus_message *m)
{
        _cleanup_json_ json_t *properties = NULL;
        int r = json_object_from_message(m, &properties);

        if (r >= 0 && json_object_update(j->properties, properties) < 0)
                r = -ENOMEM;
        return r;
}

static int on_properties(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Job *j = userdata;

        j->is_asking = false;
        /* A failure is told to who waits for the end. */
        if (!sd_bus_message_is_method_error(m, NULL) && read_properties(j, m) >= 0)
                progress_show(&j->progress, j->properties);
        return 0;
}

static int ask_new(Job *j, sd_bus_message **ret, Fault *reterr)
{
        char path[sizeof(LODGE_JOB_PATH) + 1 + ID_DIGITS];

        (void)snprintf(path, sizeof(path), LODGE_JOB_PATH "/%s", j->id);
        int r = client_call_new(&j->c->client, path, "org.freedesktop.DBus.Properties", "GetAll",
                                ret, reterr);
        return r < 0 ? r : sd_bus_message_append(*ret, "s", LODGE_JOB_INTERFACE);
}

static int ask(Job *j, sd_bus_message_handler_t on_answer, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = ask_new(j, &m, reterr);

        if (r < 0)
                return client_fault(NULL, r, reterr);
        j->is_asking = true;
        return send_call(j, m, on_answer, reterr);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
        Job *j = userdata;

        (void)sd_event_source_set_time_relative(source, POLL_USEC);
        (void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        /* a connection that is lost lets retry() take the timer away meanwhile */
        if (!j->is_asking && !client_has_signals(&j->c->client))
                (void)ask(j, on_properties, NULL);
        return 0;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Job *j = userdata;
        const char *interface;

        if (sd_bus_message_read(m, "s", &interface) >= 0 && streq(interface, LODGE_JOB_INTERFACE) &&
            read_properties(j, m) >= 0)
                progress_show(&j->progress, j->properties);
        return 0;
}

/* Somebody else, whose job it was, did not want it any more, or was not let in: neither says
 * anything about us. */
static bool is_to_be_ours(const Job *j)
{
        return j->is_others && j->request && j->signal == 0 &&
               (streq(string_of(j, "State"), "cancelled") ||
                streq(string_of(j, "Error"), LODGE_ERROR_PREFIX "NotAuthorized"));
}

static void begin_own(Job *j)
{
        _cleanup_fault_ Fault fault = {0};

        j->changed = sd_bus_slot_unref(j->changed);
        j->timer = sd_event_source_disable_unref(j->timer);
        (void)json_object_clear(j->properties);
        j->is_others = j->is_begun = false;
        int r = begin(j, &fault);
        if (r < 0)
                fail(j, r, &fault);
}

static int on_last_properties(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Job *j = userdata;

        if (!sd_bus_message_is_method_error(m, NULL))
                (void)read_properties(j, m);
        if (is_to_be_ours(j))
                begin_own(j);
        else
                finish(j, string_of(j, "State"));
        return 0;
}

static int on_ended(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Job *j = userdata;
        _cleanup_fault_ Fault fault = {0};
        const char *state = NULL, *result = NULL;
        int r = 0;

        if (!sd_bus_message_is_method_error(m, NULL))
                r = sd_bus_message_read(m, "ss", &state, &result);
        else
                r = client_fault(sd_bus_message_get_error(m), 0, &fault);
        if (r >= 0) {
                (void)json_object_set_new(j->properties, "State", json_string(state));
                (void)json_object_set_new(j->properties, "Result", json_string(result));
                r = ask(j, on_last_properties, &fault);
        }
        if (r < 0 && !retry(j, &fault))
                fail(j, r, &fault);
        return 0;
}

static int wait_for_end(Job *j, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = client_object_call_new(&j->c->client, "Wait", "Job", j->id, &m, reterr);

        if (r >= 0)
                r = sd_bus_message_append(m, "a{sv}", 0);
        return r < 0 ? client_fault(NULL, r, reterr) : send_call(j, m, on_ended, reterr);
}

static int subscribe(Job *j)
{
        char path[sizeof(LODGE_JOB_PATH) + 1 + ID_DIGITS];

        if (!client_has_signals(&j->c->client))
                return sd_event_add_time_relative(j->event, &j->timer, CLOCK_MONOTONIC, POLL_USEC,
                                                  0, on_tick, j);
        (void)snprintf(path, sizeof(path), LODGE_JOB_PATH "/%s", j->id);
        return sd_bus_match_signal(client_bus(&j->c->client), &j->changed, LODGE_BUS_NAME, path,
                                   "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                   on_changed, j);
}

static int follow(Job *j, Fault *reterr)
{
        int r = subscribe(j);

        j->is_begun = true;
        if (r < 0)
                return client_fault(NULL, r, reterr);
        r = ask(j, on_properties, reterr);
        return r < 0 ? r : wait_for_end(j, reterr);
}

/* What was done at once is answered with the object that it made, and not with a job. */
static bool take_id(Job *j, sd_bus_message *m)
{
        const char prefix[] = LODGE_JOB_PATH "/", *path;

        if (sd_bus_message_read(m, "o", &path) < 0 || strncmp(path, prefix, strlen(prefix)) != 0 ||
            strlen(path + strlen(prefix)) > ID_DIGITS)
                return false;
        /* who wants what somebody else is getting already waits for the same job */
        j->is_others = !streq(j->id, path + strlen(prefix));
        (void)snprintf(j->id, sizeof(j->id), "%s", path + strlen(prefix));
        return true;
}

static int on_begun(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Job *j = userdata;
        _cleanup_fault_ Fault fault = {0};
        int r = 0;

        if (sd_bus_message_is_method_error(m, NULL)) {
                r = client_fault(sd_bus_message_get_error(m), 0, &fault);
                if (retry(j, &fault))
                        return 0;
                /* What the first lodged was asked to make is there. */
                if (j->n_restarts > 0 && fault.code == FAULT_EXISTS) {
                        end(j, EXIT_OK);
                        return 0;
                }
        } else if (j->request->may_detach && args_has(&j->c->args, "detach")) {
                (void)puts(j->id);
                end(j, EXIT_OK);
                return 0;
        } else if (take_id(j, m)) {
                r = follow(j, &fault);
                if (r >= 0 && j->signal > 0)
                        cancel(j);
        } else {
                end(j, EXIT_OK);
        }
        if (r < 0)
                fail(j, r, &fault);
        return 0;
}

static int make_id(char ret[static ID_DIGITS + 1])
{
        uint64_t random;

        if (getrandom(&random, sizeof(random), 0) != sizeof(random))
                return -EIO;
        (void)snprintf(ret, ID_DIGITS + 1, "%016jx", (uintmax_t)random);
        return 0;
}

static int begin(Job *j, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = make_id(j->id);

        if (r >= 0)
                r = client_call_new(&j->c->client, LODGE_OBJECT_PATH, LODGE_MANAGER_INTERFACE,
                                    j->request->method, &m, reterr);
        if (r >= 0)
                r = j->request->append(j->c, m, j->id, j->request->userdata, reterr);
        return r < 0 ? client_fault(NULL, r, reterr) : send_call(j, m, on_begun, reterr);
}

/* The first signal cancels, and the end is waited for; another one does not wait. */
static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Job *j = userdata;
        int sig = (int)info->ssi_signo;
        bool leave = j->is_others || j->signal > 0 || (!j->is_begun && polkit_agent_runs());

        progress_leave(&j->progress);
        if (!j->is_others)
                cancel(j);
        j->signal = sig;
        if (leave) {
                if (j->is_others)
                        report_note(j->c, "No longer waiting for job %s; it goes on.", j->id);
                end(j, 128 + sig);
        } else {
                report_note(j->c, "Cancelling; once more, and its end is not waited for.");
        }
        return 0;
}

static int handle_signals(Job *j)
{
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
        sigset_t mask;
        int r = 0;

        (void)sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void)sigaddset(&mask, signals[i]);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(signals) && r >= 0; i++)
                r = sd_event_add_signal(j->event, NULL, signals[i], on_signal, j);
        return r;
}

static void unhandle_signals(void)
{
        sigset_t mask;

        (void)sigemptyset(&mask);
        (void)sigaddset(&mask, SIGINT);
        (void)sigaddset(&mask, SIGTERM);
        (void)sigaddset(&mask, SIGHUP);
        (void)sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

static int run_loop(Job *j)
{
        _cleanup_fault_ Fault fault = {0};
        int r = sd_event_new(&j->event);

        if (r >= 0)
                r = client_attach(&j->c->client, j->event);
        if (r >= 0)
                r = handle_signals(j);
        if (r >= 0)
                r = j->request ? begin(j, &fault) : follow(j, &fault);
        if (r >= 0)
                r = sd_event_loop(j->event);
        if (r >= 0)
                return j->status;
        (void)client_fault(NULL, r, &fault);
        return report_fault(j->c, j->object, &fault);
}

static int run(Job *j, json_t **ret_job)
{
        int status = progress_open(j->c, &j->progress);

        if (j->request && j->request->is_brief && j->progress.form == PROGRESS_PLAIN &&
            !args_value(&j->c->args, "progress"))
                j->progress.form = PROGRESS_NONE;
        j->properties = json_object();
        if (status == EXIT_OK)
                status = run_loop(j);
        j->changed = sd_bus_slot_unref(j->changed);
        j->timer = sd_event_source_disable_unref(j->timer);
        if (j->event)
                client_detach(&j->c->client);
        sd_event_unref(j->event);
        unhandle_signals();
        progress_done(&j->progress);
        if (status == EXIT_OK && json_object_size(j->properties) > 0)
                *ret_job = json_incref(j->properties);
        json_decref(j->properties);
        return status;
}

int job_run(Ctl *c, const JobRequest *request, json_t **ret_job)
{
        Job j = {.c = c, .request = request, .object = request->object};

        return run(&j, ret_job);
}

int job_follow(Ctl *c, const char *id, json_t **ret_job)
{
        Job j = {.c = c, .object = id, .is_others = true};

        if (strlen(id) > ID_DIGITS)
                return report_usage(c->verb, "'%s' is no ID of a job", id);
        (void)snprintf(j.id, sizeof(j.id), "%s", id);
        return run(&j, ret_job);
}
