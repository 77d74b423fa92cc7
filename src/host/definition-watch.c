/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/definition-watch.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "core/manager.h"

#include <string.h>
#include <sys/inotify.h>

/* The machine's name; NULL for our own temporary names and everything else. */
static char *definition_name(const char *file)
{
        size_t n = strlen(file), suffix = strlen(LODGE_DEFINITION_SUFFIX);

        if (n <= suffix || file[0] == '.' || !streq(file + n - suffix, LODGE_DEFINITION_SUFFIX))
                return NULL;
        return strndup(file, n - suffix);
}

static int on_change(sd_event_source *source, const struct inotify_event *e, void *userdata)
{
        _cleanup_free_ char *name = e->len > 0 ? definition_name(e->name) : NULL;

        if (e->mask & IN_Q_OVERFLOW) /* which may hide anything */
                manager_load(userdata);
        else if (name)
                manager_load_name(userdata, name);
        return 0;
}

int definition_watch(Manager *manager, sd_event *event)
{
        static const char *const directories[] = {LODGE_DEFINITIONS_ETC, LODGE_DEFINITIONS_RUN,
                                                  LODGE_DEFINITIONS_USR};

        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                int r = sd_event_add_inotify(event, NULL, directories[i],
                                             IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM |
                                                     IN_DELETE | IN_ONLYDIR,
                                             on_change, manager);
                if (r < 0 && r != -ENOENT)
                        return r;
        }
        return 0;
}
