/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Start, stop, and what follows from the end of a machine's unit. */
#include "core/machine.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "core/job-pause.h"
#include "core/job.h"
#include "core/machine-limits.h"
#include "core/machine-mounts.h"
#include "core/machine-network.h"
#include "core/manager.h"
#include "core/mounted-image.h"
#include "core/registry.h"
#include "core/store.h"
#include "core/uid-range.h"

#include <glib.h>
#include <signal.h>
#include <string.h>

static void succeed(Request *r)
{
        request_answer(r, &(Answer){.terminal_fd = -EBADF});
}

/* ---- start ---- */

/* Where systemd waits to start it by itself, a mere start would wait with it. */
static int ask_start(Machine *m)
{
        UnitPort *units = &m->manager->units;
        bool is_again = m->restarts && units->start_now;

        m->restarts = false;
        return is_again ? units->start_now(units->userdata, m->unit)
                        : units->start(units->userdata, m->unit);
}

static int launch(Machine *m, Fault *reterr)
{
        int r = manager_check_runtime(m->manager, m->name, reterr);

        if (r < 0)
                return r;
        bool is_again = m->restarts;
        machine_load(m); /* for systemd, which is to know of it first */
        machine_begin_run(m);
        m->restarts = is_again;
        machine_limits_apply(m);
        m->awaits_units = unit_reload_awaited(m->manager, m->name);
        r = m->awaits_units ? 0 : ask_start(m);
        if (r >= 0) {
                m->job = UNIT_JOB_START;
                machine_network_begin(m); /* while systemd starts the unit */
                return 0;
        }
        machine_set_state(m, MACHINE_STOPPED);
        return fault_set(reterr, FAULT_START_FAILED, r, "Cannot ask systemd to start %s: %s",
                         m->unit, strerror(-r));
}

static void take_attach_fds(Machine *m, int *fds)
{
        for (int i = 0; i < 3; i++) {
                (void)close_fd(m->attach_fds[i]);
                m->attach_fds[i] = fds ? TAKE_FD(fds[i]) : -EBADF;
        }
}

int machine_start(Machine *m, int *attach, AnswerFn done, void *userdata, Fault *reterr)
{
        if (m->state == MACHINE_PAUSED)
                return fault_set(reterr, FAULT_PAUSED, EBUSY,
                                 "Machine '%s' is not stopped, it is paused: resume it", m->name);
        if (!machine_is_stopped(m) || m->job != UNIT_JOB_NONE)
                return fault_set(reterr, FAULT_BUSY, EBUSY, "Machine '%s' is not stopped, it is %s",
                                 m->name, machine_state_name(m));
        int r = job_check_files(m->manager, m->name, reterr);
        r = r < 0 ? r : launch(m, reterr);
        if (r < 0)
                return r;
        take_attach_fds(m, attach);
        Request *request = request_new(m->manager, REQUEST_START, m->name, done, userdata);
        for (int i = 0; i < 3; i++)
                request->is_attached = request->is_attached || m->attach_fds[i] >= 0;
        return 0;
}

/* ---- stop, remove ---- */

static void tell_shim_to_stop(Machine *m, StopHow how, uint64_t timeout_usec)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        if (!m->link || machine_awaits_plan(m)) /* a shim without a plan listens to systemd only */
                return;
        link_begin(m->link, &w, FRAME_STOP);
        if (timeout_usec != UINT64_MAX)
                frame_add_number(&w, FRAME_TIMEOUT, timeout_usec);
        /* that it does not get through is no reason to fail: systemd's SIGTERM says the same */
        (void)link_send(m->link, &w, NULL, NULL, NULL);
        if (how != STOP_KILL)
                return;
        /* after the stop, so that the end is one that was asked for: no failure of the unit's */
        link_begin(m->link, &w, FRAME_KILL);
        frame_add_number(&w, FRAME_WHOM, 1);
        frame_add_number(&w, FRAME_SIGNAL, SIGKILL);
        (void)link_send(m->link, &w, NULL, NULL, NULL);
}

static void after_stop(Machine *m, GPtrArray *requests);

/* What was asked for later counts. */
static void cancel_restarts(Machine *m, const char *how)
{
        g_autoptr(GPtrArray) requests = machine_requests(m);
        _cleanup_fault_ Fault f = {0};

        (void)fault_set(&f, FAULT_CANCELLED, ECANCELED, "Machine '%s' was %s instead", m->name,
                        how);
        for (guint i = 0; i < requests->len; i++) {
                Request *r = g_ptr_array_index(requests, i);

                if (r->kind == REQUEST_RESTART)
                        request_fail(r, &f);
        }
}

int machine_stop(Machine *m, RequestKind kind, StopHow how, uint64_t timeout_usec, AnswerFn done,
                 void *userdata, Fault *reterr)
{
        UnitPort *units = &m->manager->units;

        if (machine_is_stopped(m) && m->job == UNIT_JOB_NONE && !m->restarts) {
                g_autoptr(GPtrArray) only = g_ptr_array_new();

                g_ptr_array_add(only, request_new(m->manager, kind, m->name, done, userdata));
                after_stop(m, only);
                return 0;
        }
        tell_shim_to_stop(m, how, timeout_usec);
        if (m->job != UNIT_JOB_STOP) {
                int r = units->stop(units->userdata, m->unit);
                if (r < 0)
                        return fault_set(reterr, FAULT_FAILED, r,
                                         "Cannot ask systemd to stop %s: %s", m->unit,
                                         strerror(-r));
                m->job = UNIT_JOB_STOP;
        }
        m->restarts = false;
        m->stop_requested = true;
        machine_set_state(m, MACHINE_STOPPING);
        if (kind == REQUEST_STOP)
                cancel_restarts(m, "stopped");
        (void)request_new(m->manager, kind, m->name, done, userdata);
        return 0;
}

int machine_remove(Machine *m, bool force, AnswerFn done, void *userdata, Fault *reterr)
{
        if (!force && (!machine_is_stopped(m) || m->job != UNIT_JOB_NONE))
                return fault_set(reterr, FAULT_BUSY, EBUSY,
                                 "Machine '%s' is %s: stop it first, or remove it with Force",
                                 m->name, machine_state_name(m));
        int r = force ? 0 : job_check_files(m->manager, m->name, reterr);
        if (r < 0)
                return r;
        job_cancel_files(m->manager, m->name);
        return machine_stop(m, REQUEST_REMOVE, STOP_GENTLY, UINT64_MAX, done, userdata, reterr);
}

int machine_reset(Machine *m, Fault *reterr)
{
        if (!machine_is_stopped(m) || m->job != UNIT_JOB_NONE)
                return fault_set(reterr, FAULT_BUSY, EBUSY, "Machine '%s' is %s: stop it first",
                                 m->name, machine_state_name(m));
        int r = job_check_files(m->manager, m->name, reterr);
        r = r < 0 ? r : store_trash(m->manager->root, LODGE_STORE_MACHINES, m->name, reterr);
        manager_sweep(m->manager);
        return r < 0 ? r : 0;
}

/* ---- the end ---- */

/* A unit fails without a word of a shim's where systemd cannot make its runtime directory. */
static void explain_by_runtime(Machine *m, ExitRecord *r)
{
        _cleanup_fault_ Fault f = {0};

        if (m->uid_base || manager_check_runtime(m->manager, m->name, &f) >= 0 || !f.message)
                return;
        g_free(r->message);
        r->message = TAKE_PTR(f.message);
        r->error = f.error;
}

/* What is known of a run whose end the shim has not told us. */
static void find_end(Machine *m)
{
        ExitRecord r = {.status = -1};

        if (manager_read_exit(m->manager, m->name, &r) >= 0 && r.when_usec >= m->begun_usec) {
                machine_set_end(m, &r);
                return;
        }
        exit_record_done(&r);
        r = (ExitRecord){.status = -1, .when_usec = now_usec(CLOCK_REALTIME)};
        if (m->has_run) {
                r.cause = g_strdup(EXIT_CAUSE_LOST);
        } else if (m->stop_requested || m->start_cancelled || !m->unit_failed) {
                /* by us, or by a "systemctl stop" that found no shim, or one without a plan; a unit
                 * that was not begun is still what it was before, perhaps failed */
                r.cause = g_strdup(EXIT_CAUSE_STOPPED);
        } else {
                r.cause = g_strdup(EXIT_CAUSE_FAILED);
                r.phase = g_strdup("unit");
                r.object = g_strdup(m->unit);
                r.message =
                        g_strdup_printf(m->uid_base ? "The supervisor of %s was killed before PID "
                                                      "1 ran; see 'journalctl -u %s'"
                                                    : "systemd could not start %s; see "
                                                      "'journalctl -u %s'",
                                        m->unit, m->unit);
                explain_by_runtime(m, &r);
        }
        manager_write_exit(m->manager, m->name, &r);
        machine_set_end(m, &r);
}

static void clear_run(Machine *m)
{
        if (m->uid_base)
                uid_range_release(m->manager->root, m->uid_base);
        else /* perhaps it has ended before it could tell its range to a restarted lodged */
                uid_range_sweep(m->manager->root);
        m->leader = m->supervisor = m->uid_base = m->boot_count = 0;
        m->started_usec = m->ready_usec = m->paused_usec = 0;
        if (m->status_text) {
                g_clear_pointer(&m->status_text, g_free);
                manager_note_change(m, MACHINE_CHANGED_STATUS_TEXT);
        }
        machine_set_health(m, NULL);
        m->oom_kills = 0;
        manager_note_change(m, MACHINE_CHANGED_RUN);
        take_attach_fds(m, NULL);
        manager_end_processes(m->manager, m->name);
}

/* A program that cannot be executed is told apart, as shells do by 126 and 127. */
static FaultCode start_fault_code(const Machine *m)
{
        if (!streq(m->end.cause, EXIT_CAUSE_FAILED))
                return FAULT_START_FAILED;
        if (m->end.status == 127)
                return FAULT_COMMAND_NOT_FOUND;
        if (m->end.status == 126)
                return FAULT_EXEC_FAILED;
        if (m->end.error == ENOSPC || m->end.error == EDQUOT)
                return FAULT_NO_SPACE;
        return m->end_code ?: FAULT_START_FAILED;
}

static void fail_start(Machine *m, Request *r)
{
        _cleanup_free_ char *reason = machine_reason(m);
        _cleanup_fault_ Fault f = {0};

        /* by us or by systemctl, which the shim or systemd's job tells */
        if (m->stop_requested || streq(m->end.cause, EXIT_CAUSE_STOPPED))
                (void)fault_set(&f, FAULT_CANCELLED, ECANCELED,
                                "Machine '%s' was stopped before it had started", m->name);
        else
                (void)fault_set(&f, start_fault_code(m), m->end.error,
                                "Machine '%s' did not start: %s", m->name, reason);
        request_fail(r, &f);
}

static void end_wait(Machine *m, Request *r)
{
        _cleanup_fault_ Fault f = {0};

        if (r->condition == WAIT_STOPPED || r->condition == WAIT_EXITED) {
                succeed(r);
                return;
        }
        _cleanup_free_ char *reason = machine_reason(m);
        (void)fault_set(&f, FAULT_NOT_RUNNING, ESRCH, "Machine '%s' has ended: %s", m->name,
                        reason);
        request_fail(r, &f);
}

/* Return: true if the machine starts again. */
static bool restart(Machine *m, GPtrArray *requests)
{
        _cleanup_fault_ Fault f = {0};
        int r = requests->len > 0 ? launch(m, &f) : 0;

        for (guint i = 0; i < requests->len; i++) {
                Request *request = g_ptr_array_index(requests, i);

                request->kind = REQUEST_START;
                if (r < 0)
                        request_fail(request, &f);
        }
        return requests->len > 0 && r >= 0;
}

static GPtrArray *of_kind(GPtrArray *requests, RequestKind kind)
{
        GPtrArray *found = g_ptr_array_new();

        for (guint i = 0; i < requests->len; i++) {
                Request *r = g_ptr_array_index(requests, i);

                if (r->kind == kind)
                        g_ptr_array_add(found, r);
        }
        return found;
}

/* What is about commands the end of the shim's link has answered; the rest is done afterwards. */
static void answer_stopped(Machine *m, GPtrArray *requests)
{
        for (guint i = 0; i < requests->len; i++) {
                Request *r = g_ptr_array_index(requests, i);

                if (r->kind == REQUEST_WAIT)
                        end_wait(m, r);
                else if (r->kind == REQUEST_START && machine_has_started(m, r) &&
                         !streq(m->end.cause, EXIT_CAUSE_LOST))
                        succeed(r);
                else if (r->kind == REQUEST_START)
                        fail_start(m, r);
                else if (r->kind == REQUEST_STOP)
                        succeed(r);
        }
}

/* Remove the machine. Its files go before those are answered who wait for its end: they are to find
 * nothing of it. Frees @m on success. */
static void remove_now(Machine *m, GPtrArray *requests, GPtrArray *removals)
{
        _cleanup_fault_ Fault f = {0};
        Manager *manager = m->manager;
        int r = manager_delete_machine(manager, m, &f);

        answer_stopped(m, requests);
        if (removals->len > 0)
                cancel_restarts(m, "removed");
        if (r >= 0)
                manager_forget_machine(manager, m, r > 0);
        for (guint i = 0; i < removals->len; i++)
                if (r < 0)
                        request_fail(g_ptr_array_index(removals, i), &f);
                else
                        succeed(g_ptr_array_index(removals, i));
        if (r < 0 && removals->len == 0)
                manager_warn(manager, NULL, f.message);
}

/* The machine is stopped: do what was asked for. May free @m. */
static void after_stop(Machine *m, GPtrArray *requests)
{
        g_autoptr(GPtrArray) removals = of_kind(requests, REQUEST_REMOVE);
        g_autoptr(GPtrArray) restarts = of_kind(requests, REQUEST_RESTART);
        bool vanishes = m->has_end && (m->settings.auto_remove || m->place == DEFINITION_NOWHERE);

        if (removals->len > 0 || (vanishes && restarts->len == 0)) {
                remove_now(m, requests, removals);
                return;
        }
        answer_stopped(m, requests);
        if (!restart(m, restarts) && vanishes)
                remove_now(m, removals, removals); /* none of them */
}

void machine_ended(Machine *m)
{
        UnitPort *units = &m->manager->units;

        if (m->link) {
                link_drain(m->link);
                m->link = link_close(m->link);
        }
        bool is_told = m->has_end;
        units->unwatch(units->userdata, m->unit);
        if (!is_told) {
                find_end(m);
                machine_drop_layer(m);
        }
        manager_release_exit(m->manager, m->name);
        /* a start that was interrupted has not failed */
        bool failed = streq(m->end.cause, EXIT_CAUSE_FAILED) && !m->stop_requested;
        clear_run(m);
        job_pause_lost(m);
        machine_network_end(m);
        machine_mounts_clear(m);
        machine_set_state(m, failed ? MACHINE_FAILED : MACHINE_STOPPED);
        registry_update(m);
        manager_flush(m->manager);
        manager_sweep(m->manager);

        g_autoptr(GPtrArray) requests = machine_requests(m);
        after_stop(m, requests);
}

/* ---- systemd's jobs ---- */

static void fail_stops(Machine *m, const Fault *f)
{
        g_autoptr(GPtrArray) requests = machine_requests(m);

        for (guint i = 0; i < requests->len; i++) {
                Request *r = g_ptr_array_index(requests, i);

                if (r->kind == REQUEST_STOP || r->kind == REQUEST_RESTART ||
                    r->kind == REQUEST_REMOVE)
                        request_fail(r, f);
        }
}

/* "timeout": systemd has not even answered */
static bool is_timeout(const char *result)
{
        return streq(result, "timeout");
}

static void stop_refused(Machine *m, const char *result, const char *error)
{
        _cleanup_fault_ Fault f = {0};

        if (is_timeout(result))
                (void)fault_set(&f, FAULT_TIMED_OUT, ETIMEDOUT, "Cannot stop %s: %s", m->unit,
                                error);
        (void)fault_set(&f, FAULT_FAILED, 0, "systemd refuses to stop %s: %s", m->unit, error);
        fail_stops(m, &f);
}

static void start_refused(Machine *m, const char *result, const char *error)
{
        ExitRecord r = {
                .cause = g_strdup(EXIT_CAUSE_FAILED),
                .phase = g_strdup("unit"),
                .object = g_strdup(m->unit),
                .message = g_strdup_printf("%s %s: %s",
                                           is_timeout(result) ? "cannot start"
                                                              : "systemd refuses to start",
                                           m->unit, error),
                .status = -1,
                .when_usec = now_usec(CLOCK_REALTIME),
        };

        machine_set_end(m, &r);
        if (is_timeout(result))
                m->end_code = FAULT_TIMED_OUT;
        machine_ended(m);
}

void machine_units_read(Machine *m)
{
        if (!m->awaits_units)
                return;
        m->awaits_units = false;
        if (m->job != UNIT_JOB_START || m->link) /* stopped meanwhile, or started by somebody */
                return;
        int r = ask_start(m);
        if (r < 0) {
                m->job = UNIT_JOB_NONE;
                start_refused(m, "error", strerror(-r));
        }
}

void machine_lost(Machine *m)
{
        UnitPort *units = &m->manager->units;

        mounted_image_end(m);
        machine_network_give_up(m);
        m->awaits_limits = false;
        if (!machine_is_stopped(m))
                machine_set_state(m, MACHINE_STOPPING);
        if (units->watch(units->userdata, m->unit) < 0)
                machine_ended(m); /* out of memory: better too early than never */
}

static void start_ended(Machine *m, const char *result)
{
        m->start_cancelled = streq(result, "canceled");
        if (m->link)
                machine_check_started(m);              /* if it ends, the link tells */
        else if (streq(result, "done") && !m->has_run) /* no shim ever came */
                start_refused(m, result, "a condition of the unit is not met");
        else
                machine_lost(m);
}

/* The stop job came to nothing: mostly, somebody else's start has replaced it. */
static void stop_ended(Machine *m, const char *result)
{
        _cleanup_fault_ Fault f = {0};

        if (m->link &&
            !machine_awaits_plan(m)) { /* whose shim may have come after we wanted to tell it */
                tell_shim_to_stop(m, STOP_GENTLY, UINT64_MAX);
                return;
        }
        if (streq(result, "canceled")) {
                m->stop_requested = false;
                (void)fault_set(&f, FAULT_CANCELLED, ECANCELED,
                                "Machine '%s' was started again before it had stopped", m->name);
                fail_stops(m, &f);
        }
        machine_lost(m);
}

void machine_job_done(Machine *m, UnitJob job, const char *result, const char *error)
{
        bool superseded = m->job != job; /* a stop has replaced the start */

        if (!superseded)
                m->job = UNIT_JOB_NONE;
        if (m->link)
                link_drain(m->link); /* what the shim said before comes first */
        if (superseded || machine_is_stopped(m))
                return;
        if (job == UNIT_JOB_START && error)
                start_refused(m, result, error);
        else if (job == UNIT_JOB_START)
                start_ended(m, result);
        else if (error)
                stop_refused(m, result, error);
        else if (!streq(result, "done"))
                stop_ended(m, result);
        else if (!m->link) /* else it stopped the run before this one, whose shim came first */
                machine_ended(m);
}
