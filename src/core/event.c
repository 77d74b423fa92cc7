/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/event.h"

#include "base/text.h"
#include "core/manager.h"

void machine_emit(Machine *m, const char *event, const char *reason)
{
        Manager *manager = m->manager;

        if (manager_find(manager, m->name) != m)
                return; /* not announced yet */
        EACH_LISTENER(manager, l)
        if (l->machine_event)
                l->machine_event(l->userdata, m, event, reason ?: "");
}

void machine_emit_state(Machine *m, MachineState before)
{
        static const char *const events[_MACHINE_STATE_MAX] = {
                [MACHINE_STOPPED] = "stopped", [MACHINE_STARTING] = "starting",
                [MACHINE_RUNNING] = "started", [MACHINE_READY] = "ready",
                [MACHINE_PAUSED] = "paused",   [MACHINE_STOPPING] = "stopping",
                [MACHINE_FAILED] = "failed",
        };
        _cleanup_free_ char *reason = machine_reason(m);

        if (g_hash_table_contains(m->manager->adopting, m) || !events[m->state])
                return;
        if (before == MACHINE_PAUSED && machine_is_up(m)) {
                machine_emit(m, "resumed", reason);
                return;
        }
        if (m->state == MACHINE_READY && before != MACHINE_RUNNING)
                machine_emit(m, events[MACHINE_RUNNING], reason);
        machine_emit(m, events[m->state], reason);
}
