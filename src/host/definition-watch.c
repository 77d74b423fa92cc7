/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/definition-watch.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "core/manager.h"
#include "core/network.h"

#include <string.h>
#include <sys/inotify.h>

typedef struct Kind {
        const char *suffix;
        void (*load_name)(Manager *manager, const char *name);
        const char *directories[3];
} Kind;

static const Kind machines = {
        .suffix = LODGE_DEFINITION_SUFFIX,
        .load_name = manager_load_name,
        .directories = {LODGE_DEFINITIONS_ETC, LODGE_DEFINITIONS_RUN, LODGE_DEFINITIONS_USR},
};
static const Kind networks = {
        .suffix = LODGE_NETWORK_SUFFIX,
        .load_name = networks_load_name,
        .directories = {LODGE_NETWORKS_ETC, LODGE_NETWORKS_RUN, LODGE_NETWORKS_USR},
};

/* What the file defines; NULL for our own temporary names and everything else. */
static char *definition_name(const Kind *kind, const char *file)
{
        size_t n = strlen(file), suffix = strlen(kind->suffix);

        if (n <= suffix || file[0] == '.' || !streq(file + n - suffix, kind->suffix))
                return NULL;
        return strndup(file, n - suffix);
}

static void on_change(const Kind *kind, const struct inotify_event *e, Manager *manager)
{
        _cleanup_free_ char *name = e->len > 0 ? definition_name(kind, e->name) : NULL;

        if (e->mask & IN_Q_OVERFLOW) /* which may hide anything */
                manager_load(manager);
        else if (name)
                kind->load_name(manager, name);
}

static int on_machine(sd_event_source *source, const struct inotify_event *e, void *userdata)
{
        on_change(&machines, e, userdata);
        return 0;
}

static int on_network(sd_event_source *source, const struct inotify_event *e, void *userdata)
{
        on_change(&networks, e, userdata);
        return 0;
}

static int watch(Manager *manager, sd_event *event, const Kind *kind,
                 sd_event_inotify_handler_t handler)
{
        for (size_t i = 0; i < ELEMENTSOF(kind->directories); i++) {
                int r = sd_event_add_inotify(event, NULL, kind->directories[i],
                                             IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM |
                                                     IN_DELETE | IN_ONLYDIR,
                                             handler, manager);
                if (r < 0 && r != -ENOENT)
                        return r;
        }
        return 0;
}

int definition_watch(Manager *manager, sd_event *event)
{
        int r = watch(manager, event, &machines, on_machine);

        return r < 0 ? r : watch(manager, event, &networks, on_network);
}
