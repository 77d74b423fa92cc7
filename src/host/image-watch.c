/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/image-watch.h"

#include "base/names.h"
#include "core/manager.h"

#include <string.h>
#include <sys/inotify.h>

static int on_change(sd_event_source *source, const struct inotify_event *e, void *userdata)
{
        Manager *manager = userdata;

        if (e->mask & IN_Q_OVERFLOW) { /* which may hide anything */
                memset(manager->image_places, 0, sizeof(manager->image_places));
                images_load(manager);
        } else if (e->len > 0 && e->name[0] != '.') {
                images_look(manager, e->name);
        }
        return 0;
}

int image_watch(Manager *manager, sd_event *event)
{
        static const char *const directories[] = {LODGE_STORE_IMAGES, LODGE_MACHINED_IMAGES};

        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                int r = sd_event_add_inotify(event, NULL, directories[i],
                                             IN_CREATE | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_TO |
                                                     IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR,
                                             on_change, manager);
                if (r < 0 && r != -ENOENT)
                        return r;
        }
        return 0;
}
