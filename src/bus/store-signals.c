/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens to images, volumes, jobs and networks, told on the bus. */
#include "base/io.h"
#include "base/text.h"
#include "bus/objects.h"
#include "core/job.h"
#include "core/volume.h"

static void image_added(void *userdata, Image *image)
{
        bus_object_added(userdata, OBJECT_IMAGE, image);
}

static void image_removed(void *userdata, Image *image)
{
        bus_object_removed(userdata, OBJECT_IMAGE, image);
}

static void image_changed(void *userdata, Image *image, unsigned changes)
{
        static char used_by[] = "UsedBy";
        char *some[] = {used_by, NULL}, *all[] = {NULL};

        bus_object_changed(userdata, OBJECT_IMAGE, image,
                           changes & IMAGE_CHANGED_CONTENT ? all : some);
}

static void volume_added(void *userdata, Volume *v)
{
        bus_object_added(userdata, OBJECT_VOLUME, v);
}

static void volume_removed(void *userdata, Volume *v)
{
        bus_object_removed(userdata, OBJECT_VOLUME, v);
}

static void volume_changed(void *userdata, Volume *v)
{
        char *all[] = {NULL};

        bus_object_changed(userdata, OBJECT_VOLUME, v, all);
}

static void network_added(void *userdata, Network *n)
{
        bus_object_added(userdata, OBJECT_NETWORK, n);
}

static void network_removed(void *userdata, Network *n)
{
        bus_object_removed(userdata, OBJECT_NETWORK, n);
}

static void network_changed(void *userdata, Network *n)
{
        char *all[] = {NULL};

        bus_object_changed(userdata, OBJECT_NETWORK, n, all);
}

/* ---- jobs ---- */

typedef struct ProgressChange {
        Bus *bus;
        char *id;
        uint64_t last_usec;
        sd_event_source *timer;
} ProgressChange;

static void progress_free(void *p)
{
        ProgressChange *c = p;

        sd_event_source_disable_unref(c->timer);
        g_free(c->id);
        g_free(c);
}

GHashTable *bus_progress_table(void)
{
        return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, progress_free);
}

static int on_progress_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
        static const char *const names[] = {"Phase", "Progress",    "Bytes", "BytesTotal",
                                            "Rate",  "ExpectedEnd", "Items", NULL};
        ProgressChange *c = userdata;
        const Job *j = g_hash_table_lookup(c->bus->manager->jobs, c->id);

        c->timer = sd_event_source_disable_unref(c->timer);
        c->last_usec = usec;
        if (j)
                bus_object_changed(c->bus, OBJECT_JOB, j, (char **)names);
        return 0;
}

static void progress_changed(Bus *b, const Job *j)
{
        ProgressChange *c = g_hash_table_lookup(b->progress, j->id);
        uint64_t now = now_usec(CLOCK_MONOTONIC);

        if (!c) {
                c = g_new0(ProgressChange, 1);
                *c = (ProgressChange){.bus = b, .id = g_strdup(j->id)};
                g_hash_table_insert(b->progress, c->id, c);
        }
        if (c->timer)
                return;
        if (now - c->last_usec >= BUS_CHANGE_USEC)
                (void)on_progress_timer(NULL, now, c);
        else
                (void)sd_event_add_time(b->manager->event, &c->timer, CLOCK_MONOTONIC,
                                        c->last_usec + BUS_CHANGE_USEC, 0, on_progress_timer, c);
}

static void job_added(void *userdata, Job *j)
{
        bus_object_added(userdata, OBJECT_JOB, j);
}

static void job_removed(void *userdata, Job *j)
{
        Bus *b = userdata;

        g_hash_table_remove(b->progress, j->id);
        bus_object_removed(b, OBJECT_JOB, j);
}

static void job_changed(void *userdata, Job *j, unsigned changes)
{
        char *all[] = {NULL};

        if (changes & JOB_CHANGED_STATE)
                bus_object_changed(userdata, OBJECT_JOB, j, all);
        else
                progress_changed(userdata, j);
}

ManagerListener bus_store_listener(Bus *b)
{
        return (ManagerListener){
                .userdata = b,
                .image_added = image_added,
                .image_removed = image_removed,
                .image_changed = image_changed,
                .volume_added = volume_added,
                .volume_removed = volume_removed,
                .volume_changed = volume_changed,
                .network_added = network_added,
                .network_removed = network_removed,
                .network_changed = network_changed,
                .job_added = job_added,
                .job_removed = job_removed,
                .job_changed = job_changed,
        };
}
