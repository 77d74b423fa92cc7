/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine.h"

#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/event.h"
#include "core/machine-limits.h"
#include "core/machine-network.h"
#include "core/manager.h"
#include "core/mounted-image.h"
#include "core/store.h"
#include "core/volume.h"

#include <glib.h>
#include <string.h>

static const char *const state_names[_MACHINE_STATE_MAX] = {
        [MACHINE_STOPPED] = "stopped", [MACHINE_STARTING] = "starting",
        [MACHINE_RUNNING] = "running", [MACHINE_READY] = "ready",
        [MACHINE_PAUSED] = "paused",   [MACHINE_STOPPING] = "stopping",
        [MACHINE_FAILED] = "failed",
};

void machine_load_end(Machine *m)
{
        _cleanup_exit_record_ ExitRecord r = {0};

        if (manager_read_exit(m->manager, m->name, &r) < 0)
                return;
        if (streq(r.cause, EXIT_CAUSE_FAILED))
                m->state = MACHINE_FAILED;
        else if (m->load_error.code == FAULT_NONE)
                m->state = MACHINE_STOPPED;
        m->stopped_usec = r.when_usec;
        exit_record_done(&m->end);
        m->end = r;
        r = (ExitRecord){0};
}

Machine *machine_new(Manager *manager, const char *name)
{
        Machine *m = g_new0(Machine, 1);

        m->manager = manager;
        m->name = g_strdup(name);
        m->unit = machine_unit_name(name);
        settings_init(&m->settings);
        m->end.status = -1;
        for (int i = 0; i < 3; i++)
                m->attach_fds[i] = -EBADF;
        machine_load_end(m);
        return m;
}

void machine_free(Machine *m)
{
        if (!m)
                return;
        link_close(m->link);
        mounted_image_end(m);
        machine_network_free(m);
        if (m->mounts)
                g_ptr_array_unref(m->mounts);
        for (int i = 0; i < 3; i++)
                (void)close_fd(m->attach_fds[i]);
        settings_done(&m->settings);
        fault_done(&m->load_error);
        strv_free(m->warnings);
        exit_record_done(&m->end);
        g_free(m->limits_error);
        g_free(m->status_text);
        g_free(m->health_text);
        g_free(m->unit);
        g_free(m->former_name);
        g_free(m->name);
        g_free(m);
}

static bool settings_equal(const Settings *a, const Settings *b)
{
        _cleanup_free_ char *x = settings_format(a), *y = settings_format(b);

        return streq(x, y);
}

/* No event: a file has changed, nothing has happened to the machine. */
static void note_state(Machine *m, MachineState state)
{
        if (m->state == state)
                return;
        m->state = state;
        manager_note_change(m, MACHINE_CHANGED_STATE);
}

/* Each is said once, however often the definition is read. */
static void set_warnings(Machine *m, char **warnings)
{
        if (!strv_equal(warnings, m->warnings)) {
                STRV_FOREACH (warning, warnings)
                        manager_warn(m->manager, m->name, *warning);
                manager_note_change(m, MACHINE_CHANGED_DEFINITION);
        }
        strv_free(m->warnings);
        m->warnings = warnings;
}

void machine_load(Machine *m)
{
        bool was_broken = m->load_error.code != FAULT_NONE;
        _cleanup_settings_ Settings s;
        char **warnings = NULL;
        Fault f = {0};

        settings_init(&s);
        m->place = definition_find(m->manager->root, m->name);
        (void)definition_load(m->manager->root, m->name, &s, &warnings, &f);
        set_warnings(m, warnings);
        fault_done(&m->load_error);
        m->load_error = f;
        if (!settings_equal(&s, &m->settings)) {
                if (!streq(s.image, m->settings.image)) {
                        image_note_use(m->manager, s.image);
                        image_note_use(m->manager, m->settings.image);
                }
                volume_note_use(m->manager, m->settings.volumes);
                volume_note_use(m->manager, s.volumes);
                Settings before = m->settings;
                m->settings = s;
                s = before; /* to be freed */
                if (!machine_is_stopped(m))
                        machine_limits_changed(m, &before);
                manager_note_change(m, MACHINE_CHANGED_DEFINITION);
        }
        unit_reload_note(m->manager, m->name, f.code == FAULT_NONE ? &m->settings : NULL);
        if (f.code != FAULT_NONE && !was_broken && manager_find(m->manager, m->name) == m)
                manager_warn(m->manager, m->name, f.message);
        if (!machine_is_stopped(m) || was_broken == (f.code != FAULT_NONE))
                return;
        note_state(m, f.code != FAULT_NONE || streq(m->end.cause, EXIT_CAUSE_FAILED)
                              ? MACHINE_FAILED
                              : MACHINE_STOPPED);
}

const char *machine_state_name(const Machine *m)
{
        return state_names[m->state];
}

bool machine_is_stopped(const Machine *m)
{
        return m->state == MACHINE_STOPPED || m->state == MACHINE_FAILED;
}

int machine_check_running(const Machine *m, Fault *reterr)
{
        if (m->link && m->has_run && !m->has_end)
                return 0;
        return fault_set(reterr, FAULT_NOT_RUNNING, ESRCH, "Machine '%s' does not run, it is %s",
                         m->name, machine_state_name(m));
}

static char *reason_of_end(const ExitRecord *r)
{
        char buf[16];

        if (r->message)
                return text_for_display(r->message, 1024);
        if (streq(r->cause, EXIT_CAUSE_EXITED))
                return g_strdup_printf("PID 1 exited with status %d", r->status);
        if (streq(r->cause, EXIT_CAUSE_KILLED))
                return g_strdup_printf("PID 1 was ended by signal %s", signal_name(r->signal, buf));
        if (streq(r->cause, EXIT_CAUSE_OOM))
                return g_strdup("PID 1 was killed because the machine ran out of memory");
        if (streq(r->cause, EXIT_CAUSE_STOPPED))
                return g_strdup("Stopped on request");
        if (streq(r->cause, EXIT_CAUSE_TIMEOUT))
                return g_strdup("Did not stop in time and was killed");
        if (streq(r->cause, EXIT_CAUSE_UNHEALTHY))
                return g_strdup("Its health check failed too often");
        if (streq(r->cause, EXIT_CAUSE_SHUTDOWN))
                return g_strdup("Was shut down from inside");
        if (streq(r->cause, EXIT_CAUSE_LOST))
                return g_strdup("The supervisor was killed, and PID 1 with it");
        return g_strdup("The start failed");
}

char *machine_reason(const Machine *m)
{
        if (machine_is_stopped(m) && m->load_error.code != FAULT_NONE)
                return text_for_display(m->load_error.message, 1024);
        _cleanup_free_ char *end = m->end.cause ? reason_of_end(&m->end) : g_strdup("");
        return g_strconcat(end ?: "", m->restarts ? "; systemd starts it again (Restart=)" : "",
                           NULL);
}

void machine_id(const Machine *m, uint8_t ret[static 16])
{
        static const uint8_t none[16];
        uint8_t digest[32];
        gsize n = sizeof(digest);

        if (memcmp(m->settings.machine_id, none, sizeof(none)) != 0) {
                memcpy(ret, m->settings.machine_id, sizeof(none));
                return;
        }
        /* stable for one name on one host; a version 4 UUID in form */
        GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
        g_checksum_update(sum, m->manager->host_id, sizeof(m->manager->host_id));
        g_checksum_update(sum, (const guchar *)m->unit, -1);
        g_checksum_get_digest(sum, digest, &n);
        g_checksum_free(sum);
        memcpy(ret, digest, 16);
        ret[6] = (uint8_t)((ret[6] & 0x0f) | 0x40);
        ret[8] = (uint8_t)((ret[8] & 0x3f) | 0x80);
}

char *const *machine_volumes(const Machine *m)
{
        return m->settings.volumes;
}

int machine_exit_status(const Machine *m)
{
        return m->end.cause ? m->end.status : -1;
}

void machine_drop_layer(Machine *m)
{
        _cleanup_fault_ Fault f = {0};

        /* without a definition that can be read nobody knows whether it is to be kept */
        if (m->load_error.code != FAULT_NONE || m->settings.writable_layer == WRITABLE_LAYER_KEEP)
                return;
        if (store_trash(m->manager->root, LODGE_STORE_MACHINES, m->name, &f) < 0)
                manager_warn(m->manager, m->name, f.message);
}

void machine_set_state(Machine *m, MachineState state)
{
        MachineState before = m->state;

        note_state(m, state);
        if (state != before)
                machine_emit_state(m, before);
}

void machine_set_end(Machine *m, ExitRecord *r)
{
        exit_record_done(&m->end);
        m->end = *r;
        *r = (ExitRecord){0};
        m->has_end = true;
        m->stopped_usec = m->end.when_usec;
        manager_note_change(m, MACHINE_CHANGED_STATE | MACHINE_CHANGED_RUN);
}

void machine_begin_run(Machine *m)
{
        exit_record_done(&m->end);
        m->end = (ExitRecord){.status = -1};
        m->has_end = m->has_run = m->was_ready = m->name_asked = m->awaits_limits = false;
        m->stop_requested = m->start_cancelled = m->unit_failed = m->restarts = false;
        m->end_code = FAULT_START_FAILED;
        m->begun_usec = now_usec(CLOCK_REALTIME);
        machine_set_state(m, MACHINE_STARTING);
        manager_note_change(m, MACHINE_CHANGED_STATE); /* the reason is gone */
}
