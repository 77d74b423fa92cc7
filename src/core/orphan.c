/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/orphan.h"

#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/definition.h"
#include "core/manager.h"
#include "core/rename.h"
#include "core/store.h"
#include "core/volume.h"

#include <sys/stat.h>

static bool unit_may_run(const Manager *manager, const char *name)
{
        _cleanup_free_ char *path = g_strconcat(manager->root, LODGE_RUNTIME_UNITS "/", name, NULL);
        struct stat st;

        return lstat(path, &st) == 0 || errno != ENOENT;
}

static bool is_orphan(Manager *manager, const char *name)
{
        return machine_name_is_valid(name) && !manager_find(manager, name) &&
               rename_check(manager, name, NULL) >= 0 && definition_is_gone(manager->root, name) &&
               !unit_may_run(manager, name);
}

static void drop_layer(Manager *manager, const char *name)
{
        _cleanup_fault_ Fault f = {0};
        _cleanup_free_ char *text = NULL;

        int r = store_trash(manager->root, LODGE_STORE_MACHINES, name, &f);

        if (r <= 0) {
                if (r < 0)
                        manager_warn(manager, name, f.message);
                return;
        }
        text = g_strdup_printf("Deleting what machine '%s' wrote: it has no definition any more",
                               name);
        manager_warn(manager, name, text);
}

static void look(Manager *manager);

static int on_grace_over(sd_event_source *source, uint64_t usec, void *userdata)
{
        Manager *manager = userdata;

        manager->orphan_timer = sd_event_source_disable_unref(manager->orphan_timer);
        look(manager);
        return 0;
}

static void look_at(Manager *manager, const char *name, GHashTable *suspects)
{
        if (!is_orphan(manager, name))
                return;
        if (!g_hash_table_contains(manager->orphans, name)) {
                g_hash_table_add(suspects, g_strdup(name));
                return;
        }
        drop_layer(manager, name);
        volumes_drop(manager, name);
}

static void look(Manager *manager)
{
        _cleanup_free_ char *path = g_strconcat(manager->root, LODGE_STORE_MACHINES, NULL);
        GHashTable *suspects = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        _cleanup_closedir_ DIR *dir = opendir(path);

        _cleanup_strv_free_ char **owners = volumes_owners(manager);

        for (struct dirent *e; dir && (e = readdir(dir));)
                look_at(manager, e->d_name, suspects);
        STRV_FOREACH (name, owners)
                look_at(manager, *name, suspects);
        g_hash_table_unref(manager->orphans);
        manager->orphans = suspects;
        manager_sweep(manager);
        if (g_hash_table_size(suspects) > 0) /* without memory: until the next look */
                (void)sd_event_add_time_relative(manager->event, &manager->orphan_timer,
                                                 CLOCK_MONOTONIC, manager->orphan_grace_usec,
                                                 manager->orphan_grace_usec / 10, on_grace_over,
                                                 manager);
}

void orphans_look(Manager *manager)
{
        if (!manager->orphan_timer) /* else it looks soon, and at what is new once more */
                look(manager);
}
