/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Those who wait for a machine to be in some state. */
#include "core/machine.h"

#include "base/text.h"
#include "core/manager.h"

#include <glib.h>

GPtrArray *machine_requests(const Machine *m)
{
        GPtrArray *all = m->manager->requests, *found = g_ptr_array_new();

        for (guint i = all->len; i-- > 0;) {
                Request *r = g_ptr_array_index(all, i);

                if (streq(r->machine, m->name))
                        g_ptr_array_add(found, r);
        }
        return found;
}

static bool wait_is_over(const Machine *m, WaitCondition condition)
{
        switch (condition) {
        case WAIT_RUNNING: return m->state == MACHINE_RUNNING || m->state == MACHINE_READY;
        case WAIT_READY: return m->state == MACHINE_READY;
        case WAIT_HEALTHY: return machine_is_up(m) && m->health == SHIM_HEALTH_HEALTHY;
        case WAIT_STOPPED: return machine_is_stopped(m);
        default: return false;
        }
}

/* Who waits for the health of a machine without a health check would do so for ever. */
static bool refuse_wait(const Machine *m, Request *r)
{
        _cleanup_fault_ Fault f = {0};

        if (r->kind != REQUEST_WAIT || r->condition != WAIT_HEALTHY || !machine_is_up(m) ||
            m->health != SHIM_HEALTH_NONE)
                return false;
        (void)fault_set(&f, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                        "Machine '%s' has no health check: neither Healthcheck= nor its image "
                        "says one",
                        m->name);
        request_fail(r, &f);
        return true;
}

bool machine_has_started(const Machine *m, const Request *r)
{
        bool awaits_ready = ready_when_holds_unit(&m->settings.ready_when) && !r->is_attached;

        return m->has_run && (!awaits_ready || m->was_ready);
}

/* As systemctl does, which waits for the job. But who is attached is to see what goes on. */
static bool start_is_over(const Machine *m, const Request *r)
{
        bool before_job = r->is_attached && ready_when_holds_unit(&m->settings.ready_when);

        return machine_has_started(m, r) && (before_job || m->job != UNIT_JOB_START);
}

void machine_check_started(Machine *m)
{
        g_autoptr(GPtrArray) requests = machine_requests(m);

        for (guint i = 0; i < requests->len; i++) {
                Request *r = g_ptr_array_index(requests, i);

                if (refuse_wait(m, r))
                        continue;
                if ((r->kind == REQUEST_START && start_is_over(m, r)) ||
                    (r->kind == REQUEST_WAIT && wait_is_over(m, r->condition)))
                        request_answer(r, &(Answer){.terminal_fd = -EBADF});
        }
}

void machine_wait(Machine *m, WaitCondition condition, uint64_t timeout_usec, AnswerFn done,
                  void *userdata)
{
        Request *r = request_new(m->manager, REQUEST_WAIT, m->name, done, userdata);

        r->condition = condition;
        if (refuse_wait(m, r))
                return;
        if (wait_is_over(m, condition))
                request_answer(r, &(Answer){.terminal_fd = -EBADF});
        else
                request_set_timeout(r, timeout_usec);
}
