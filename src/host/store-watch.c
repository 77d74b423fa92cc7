/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/store-watch.h"

#include "base/names.h"
#include "core/manager.h"
#include "core/volume.h"

#include <string.h>
#include <sys/inotify.h>

/* A file that is written to is another one then, a directory is not. */
#define MOVES   (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)
#define CHANGES (MOVES | IN_CLOSE_WRITE | IN_ATTRIB)

static int on_images(sd_event_source *source, const struct inotify_event *e, void *userdata)
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

static int on_volumes(sd_event_source *source, const struct inotify_event *e, void *userdata)
{
        Manager *manager = userdata;

        if (e->mask & IN_Q_OVERFLOW) {
                manager->volumes_place = (StoreStamp){0};
                volumes_load(manager);
        } else if (e->len > 0 && e->name[0] != '.') {
                volumes_look(manager, e->name);
        }
        return 0;
}

int store_watch(Manager *manager, sd_event *event)
{
        static const struct {
                const char *path;
                uint32_t mask;
                sd_event_inotify_handler_t handler;
        } directories[] = {
                {LODGE_STORE_IMAGES, CHANGES, on_images},
                {LODGE_MACHINED_IMAGES, CHANGES, on_images},
                {LODGE_STORE_VOLUMES, MOVES, on_volumes},
        };

        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                int r = sd_event_add_inotify(event, NULL, directories[i].path, directories[i].mask,
                                             directories[i].handler, manager);
                if (r < 0 && r != -ENOENT)
                        return r;
        }
        return 0;
}
