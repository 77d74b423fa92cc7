/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the manager knows besides machines, and whom it tells. */
#include "core/manager.h"

#include "base/text.h"
#include "core/job.h"
#include "core/process.h"
#include "core/volume.h"

#include <signal.h>

/* ---- processes ---- */

void manager_add_process(Manager *manager, Process *p)
{
        g_hash_table_insert(manager->processes, p->key, p);
        EACH_LISTENER(manager, l)
        if (l->process_added)
                l->process_added(l->userdata, p);
}

void manager_process_changed(Manager *manager, Process *p)
{
        EACH_LISTENER(manager, l)
        if (l->process_changed)
                l->process_changed(l->userdata, p);
}

void manager_remove_process(Manager *manager, Process *p)
{
        EACH_LISTENER(manager, l)
        if (l->process_removed)
                l->process_removed(l->userdata, p);
        g_hash_table_remove(manager->processes, p->key);
        process_free(p);
}

Process *manager_find_process(Manager *manager, const char *machine, uint64_t id)
{
        _cleanup_free_ char *key = g_strdup_printf("%s/%" G_GUINT64_FORMAT, machine, id);

        return g_hash_table_lookup(manager->processes, key);
}

void manager_end_processes(Manager *manager, const char *machine)
{
        GList *all = g_hash_table_get_values(manager->processes);

        for (GList *i = all; i; i = i->next) {
                Process *p = i->data;

                if (streq(p->machine, machine))
                        process_exited(p, 128 + SIGKILL, SIGKILL);
        }
        g_list_free(all);
}

/* ---- images ---- */

void manager_add_image(Manager *manager, Image *image)
{
        g_hash_table_insert(manager->images, image->name, image);
        EACH_LISTENER(manager, l)
        if (l->image_added)
                l->image_added(l->userdata, image);
}

void manager_remove_image(Manager *manager, Image *image)
{
        g_ptr_array_remove(manager->changed_images, image);
        EACH_LISTENER(manager, l)
        if (l->image_removed)
                l->image_removed(l->userdata, image);
        g_hash_table_remove(manager->images, image->name);
}

void manager_note_image(Image *image, unsigned changes)
{
        Manager *manager = image->manager;

        if (image->changes == 0)
                g_ptr_array_add(manager->changed_images, image);
        image->changes |= changes;
        (void)sd_event_source_set_enabled(manager->flush, SD_EVENT_ONESHOT);
}

/* ---- volumes ---- */

void manager_add_volume(Manager *manager, Volume *v)
{
        g_hash_table_insert(manager->volumes, v->name, v);
        EACH_LISTENER(manager, l)
        if (l->volume_added)
                l->volume_added(l->userdata, v);
}

void manager_remove_volume(Manager *manager, Volume *v)
{
        g_ptr_array_remove(manager->changed_volumes, v);
        EACH_LISTENER(manager, l)
        if (l->volume_removed)
                l->volume_removed(l->userdata, v);
        g_hash_table_remove(manager->volumes, v->name);
}

void manager_note_volume(Volume *v)
{
        Manager *manager = v->manager;

        if (!v->is_changed)
                g_ptr_array_add(manager->changed_volumes, v);
        v->is_changed = true;
        (void)sd_event_source_set_enabled(manager->flush, SD_EVENT_ONESHOT);
}

/* ---- jobs ---- */

void manager_job_added(Job *j)
{
        EACH_LISTENER(j->manager, l)
        if (l->job_added)
                l->job_added(l->userdata, j);
}

void manager_job_removed(Job *j)
{
        EACH_LISTENER(j->manager, l)
        if (l->job_removed)
                l->job_removed(l->userdata, j);
}

void manager_job_changed(Job *j, unsigned changes)
{
        EACH_LISTENER(j->manager, l)
        if (l->job_changed)
                l->job_changed(l->userdata, j, changes);
}
