/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/journal.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "core/job.h"
#include "core/manager.h"

#include <stdarg.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

/* The words of core/event.h; what they mean is in units/lodge.catalog, and a test compares. */
static const struct {
        const char *event, *id;
        int priority;
        const char *text; /* behind the machine's name */
} events[] = {
        {"created", "MESSAGE_ID=bed894978ac84f21a3b436a3a8e29771", LOG_INFO, "was created"},
        {"renamed", "MESSAGE_ID=cee409b8ebfe4a4a99ac43178ee5dd48", LOG_INFO, "was renamed"},
        {"removed", "MESSAGE_ID=87a13cb944cd4946a3f0591cd621c34c", LOG_INFO, "was removed"},
        {"starting", "MESSAGE_ID=fc212587a00f41a385e81d6f3018fd90", LOG_DEBUG, "starts"},
        {"started", "MESSAGE_ID=7f0c1ac8c2f14bb3a5d5f0f2a4a1e7b1", LOG_INFO, "runs"},
        {"ready", "MESSAGE_ID=b2d4c0ff133643a1b98910f047de4948", LOG_INFO, "is ready"},
        {"paused", "MESSAGE_ID=6518ab0b36214fe78ee53d6a427d21eb", LOG_INFO, "is paused"},
        {"resumed", "MESSAGE_ID=534e0372748f454ca0ba84a3322583e2", LOG_INFO, "runs on"},
        {"healthy", "MESSAGE_ID=b2a1d109b2c645d88c9ea4e1933bcc90", LOG_INFO, "is healthy"},
        {"unhealthy", "MESSAGE_ID=48a1eb0f45114a47bdd1525e8e3edd15", LOG_WARNING, "is not healthy"},
        {"oom-kill", "MESSAGE_ID=e7a7ebbc044047eba04d2f89b2681a31", LOG_WARNING,
         "is out of memory"},
        {"stopping", "MESSAGE_ID=68d6965eb25a49bab2db576a937cbf3d", LOG_DEBUG, "stops"},
        {"stopped", "MESSAGE_ID=1d5ce0f1e2ab4a64a3f7b8b5b7f0f3c2", LOG_INFO, "has stopped"},
        {"failed", "MESSAGE_ID=c3b1a7d45f6e4f0ea9c8d2b6e1f4a9d3", LOG_ERR, "has failed"},
};

#define MESSAGE_JOB_ENDED  "MESSAGE_ID=682825cf70ba42ec8f31ed0523829cbb"
#define MESSAGE_JOB_FAILED "MESSAGE_ID=cb680e29f6c14b06b7162d7e56d0a81d"
#define MESSAGE_WARNING    "MESSAGE_ID=5a2b0aee1cad439081b61ea6082688b2"

static void add(GPtrArray *fields, const char *format, ...) _printf_(2, 3);

static void add(GPtrArray *fields, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        g_ptr_array_add(fields, g_strdup_vprintf(format, ap));
        va_end(ap);
}

/* How a run has ended, as StateReason has it on the bus. */
static void add_end(GPtrArray *fields, const ExitRecord *e)
{
        add(fields, LODGE_FIELD_CAUSE "=%s", e->cause);
        add(fields, "EXIT_STATUS=%i", e->status);
        if (e->signal)
                add(fields, "SIGNAL=%i", e->signal);
        if (e->error)
                add(fields, "ERRNO=%i", e->error);
        if (e->phase)
                add(fields, LODGE_FIELD_PHASE "=%s", e->phase);
        if (e->object)
                add(fields, LODGE_FIELD_OBJECT "=%s", e->object);
}

static void send_fields(GPtrArray *fields)
{
        g_autofree struct iovec *iov = g_new(struct iovec, fields->len);

        for (guint i = 0; i < fields->len; i++) {
                char *text = g_ptr_array_index(fields, i);

                iov[i] = (struct iovec){.iov_base = text, .iov_len = strlen(text)};
        }
        (void)sd_journal_sendv(iov, (int)fields->len);
}

static void machine_event(void *userdata, Machine *m, const char *event, const char *reason)
{
        g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(g_free);
        size_t i = 0;

        while (i < ELEMENTSOF(events) && !streq(events[i].event, event))
                i++;
        bool known = i < ELEMENTSOF(events);
        add(fields, "MESSAGE=Machine '%s' %s%s%s", m->name, known ? events[i].text : event,
            *reason ? ": " : "", reason);
        add(fields, "PRIORITY=%i", known ? events[i].priority : LOG_INFO);
        if (known)
                add(fields, "%s", events[i].id);
        add(fields, LODGE_FIELD_KIND "=" LODGE_KIND_EVENT);
        add(fields, LODGE_FIELD_EVENT "=%s", event);
        add(fields, LODGE_FIELD_REASON "=%s", reason);
        add(fields, LODGE_FIELD_MACHINE "=%s", m->name);
        if (streq(event, "renamed"))
                add(fields, LODGE_FIELD_OLD_NAME "=%s", m->former_name);
        add(fields, LODGE_FIELD_IMAGE "=%s", m->settings.image ?: m->settings.root_directory ?: "");
        add(fields, "UNIT=%s", m->unit);
        add(fields, "OBJECT_SYSTEMD_UNIT=%s", m->unit); /* for journalctl -u */
        add(fields, "LEADER_PID=%u", m->leader);
        add(fields, "UID_SHIFT=%u", m->uid_base);
        if (machine_is_stopped(m) && m->end.cause)
                add_end(fields, &m->end);
        send_fields(fields);
}

static void job_changed(void *userdata, Job *j, unsigned changes)
{
        bool failed = j->state == JOB_FAILED;

        if (!(changes & JOB_CHANGED_STATE))
                return;
        (void)sd_journal_send("MESSAGE=Job %s, %s of '%s', %s%s%s", j->id, j->operation, j->object,
                              j->state == JOB_DONE ? "is done" : job_state_name(j),
                              failed ? ": " : "", failed ? j->fault.message ?: "" : "",
                              failed ? MESSAGE_JOB_FAILED : MESSAGE_JOB_ENDED, "PRIORITY=%i",
                              failed ? LOG_WARNING : LOG_INFO, LODGE_FIELD_JOB "=%s", j->id,
                              LODGE_FIELD_IMAGE "=%s", j->result ?: j->object, "UNIT=%s", j->unit,
                              NULL);
}

static void warning(void *userdata, const char *machine, const char *message)
{
        (void)sd_journal_send("MESSAGE=%s", message, MESSAGE_WARNING, "PRIORITY=%i", LOG_WARNING,
                              LODGE_FIELD_MACHINE "=%s", machine ?: "", NULL);
}

void journal_listen(Manager *manager)
{
        manager_add_listener(manager, &(ManagerListener){
                                              .machine_event = machine_event,
                                              .job_changed = job_changed,
                                              .warning = warning,
                                      });
}
