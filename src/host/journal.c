/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/journal.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "core/job.h"
#include "core/manager.h"

#include <syslog.h>
#include <systemd/sd-journal.h>

/* As in units/lodge.catalog. */
#define MESSAGE_STARTED "MESSAGE_ID=7f0c1ac8c2f14bb3a5d5f0f2a4a1e7b1"
#define MESSAGE_STOPPED "MESSAGE_ID=1d5ce0f1e2ab4a64a3f7b8b5b7f0f3c2"
#define MESSAGE_FAILED  "MESSAGE_ID=c3b1a7d45f6e4f0ea9c8d2b6e1f4a9d3"

static void on_started(Machine *m)
{
        (void)sd_journal_send("MESSAGE=Machine '%s' runs, its PID 1 is process %u", m->name,
                              m->leader, MESSAGE_STARTED, "PRIORITY=%i", LOG_INFO,
                              LODGE_FIELD_MACHINE "=%s", m->name, "UNIT=%s", m->unit,
                              "LEADER_PID=%u", m->leader, "UID_SHIFT=%u", m->uid_base, NULL);
}

static void on_ended(Machine *m)
{
        _cleanup_free_ char *reason = machine_reason(m);
        bool failed = m->state == MACHINE_FAILED;

        (void)sd_journal_send(
                "MESSAGE=Machine '%s' %s: %s", m->name, failed ? "has failed" : "has stopped",
                reason && *reason ? reason : "no reason is known",
                failed ? MESSAGE_FAILED : MESSAGE_STOPPED, "PRIORITY=%i",
                failed ? LOG_ERR : LOG_INFO, LODGE_FIELD_MACHINE "=%s", m->name, "UNIT=%s", m->unit,
                LODGE_FIELD_CAUSE "=%s", m->end.cause ?: "", "EXIT_STATUS=%i",
                machine_exit_status(m), "ERRNO=%i", m->end.error, NULL);
}

static void machine_changed(void *userdata, Machine *m, unsigned changes)
{
        Journal *running = userdata;
        bool runs = m->state == MACHINE_RUNNING || m->state == MACHINE_READY;

        if (!(changes & MACHINE_CHANGED_STATE))
                return;
        /* running and ready are one to the journal, and so is what a restarted lodged finds running
         */
        if (runs && g_hash_table_add(running, g_strdup(m->name)))
                on_started(m);
        else if (machine_is_stopped(m) &&
                 (g_hash_table_remove(running, m->name) || m->state == MACHINE_FAILED))
                on_ended(m);
}

static void machine_removed(void *userdata, Machine *m)
{
        (void)g_hash_table_remove(userdata, m->name);
}

static void job_changed(void *userdata, Job *j, unsigned changes)
{
        bool failed = j->state == JOB_FAILED;

        if (!(changes & JOB_CHANGED_STATE))
                return;
        (void)sd_journal_send("MESSAGE=Job %s, %s of '%s', %s%s%s", j->id, j->operation, j->object,
                              j->state == JOB_DONE ? "is done" : job_state_name(j),
                              failed ? ": " : "", failed ? j->fault.message ?: "" : "",
                              "PRIORITY=%i", failed ? LOG_WARNING : LOG_INFO, LODGE_FIELD_JOB "=%s",
                              j->id, LODGE_FIELD_IMAGE "=%s", j->result ?: j->object, "UNIT=%s",
                              j->unit, NULL);
}

static void warning(void *userdata, const char *machine, const char *message)
{
        (void)sd_journal_send("MESSAGE=%s", message, "PRIORITY=%i", LOG_WARNING,
                              LODGE_FIELD_MACHINE "=%s", machine ?: "", NULL);
}

Journal *journal_new(Manager *manager)
{
        Journal *j = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

        manager_add_listener(manager, &(ManagerListener){
                                              .userdata = j,
                                              .machine_changed = machine_changed,
                                              .machine_removed = machine_removed,
                                              .job_changed = job_changed,
                                              .warning = warning,
                                      });
        return j;
}

void journal_free(Journal *j)
{
        if (j)
                g_hash_table_unref(j);
}
