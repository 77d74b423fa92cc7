/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/worker.h"

#include "base/cleanup.h"

#include <glib.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <systemd/sd-journal.h>

struct Worker {
        sd_event *event;
        sd_event_source *child;
        bool again; /* asked for while it runs */
        bool stuck; /* the last run has left something */
};

static void port_sweep(void *userdata);

static int on_child(sd_event_source *source, const siginfo_t *si, void *userdata)
{
        Worker *w = userdata;

        w->child = sd_event_source_disable_unref(w->child);
        w->stuck = si->si_code != CLD_EXITED || si->si_status != 0;
        if (w->stuck)
                (void)sd_journal_print(LOG_WARNING,
                                       "lodge-work could not delete everything in the trash; it "
                                       "is tried again after the next stop, ignoring");
        if (w->again)
                port_sweep(w);
        return 0;
}

static int spawn(pid_t *ret)
{
        static char name[] = "lodge-work", verb[] = "sweep";
        char *const argv[] = {name, verb, NULL}, *const environment[] = {NULL};
        posix_spawnattr_t attr;
        sigset_t none;

        (void)sigemptyset(&none);
        int r = posix_spawnattr_init(&attr);
        if (r != 0)
                return -r;
        (void)posix_spawnattr_setsigmask(&attr, &none);
        (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
        r = posix_spawn(ret, LODGE_WORK_PATH, NULL, &attr, argv, environment);
        (void)posix_spawnattr_destroy(&attr);
        return -r;
}

static void port_sweep(void *userdata)
{
        Worker *w = userdata;
        pid_t pid = 0;

        w->again = w->child != NULL;
        if (w->child)
                return;
        int r = spawn(&pid);
        if (r >= 0)
                r = sd_event_add_child(w->event, &w->child, pid, WEXITED, on_child, w);
        if (r < 0)
                (void)sd_journal_print(LOG_WARNING, "Cannot run %s, ignoring: %s", LODGE_WORK_PATH,
                                       strerror(-r));
}

static bool port_is_stuck(void *userdata)
{
        const Worker *w = userdata;

        return w->stuck && !w->child;
}

Worker *worker_new(sd_event *event)
{
        Worker *w = g_new0(Worker, 1);

        w->event = sd_event_ref(event);
        return w;
}

void worker_free(Worker *w)
{
        if (!w)
                return;
        sd_event_source_disable_unref(w->child); /* it finishes by itself */
        sd_event_unref(w->event);
        g_free(w);
}

WorkPort worker_port(Worker *w)
{
        return (WorkPort){.userdata = w, .sweep = port_sweep, .is_stuck = port_is_stuck};
}
