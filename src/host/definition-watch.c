/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/definition-watch.h"

#include "base/cleanup.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/manager.h"
#include "core/network.h"

#include <dirent.h>
#include <glib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

/* Whatever may put another file in the place of a name, or none. */
#define CHANGES (IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)

typedef struct Directory Directory;

/* What is in a directory. */
typedef struct Kind {
        /* Something of that name has come, changed or gone. */
        void (*entry_changed)(Directory *d, const char *name);
        void (*follow_entries)(Directory *d); /* directories in it; may be NULL */
        void (*reload)(DefinitionWatch *w);   /* it has itself come or gone; may be NULL */
} Kind;

struct Directory {
        DefinitionWatch *watch;
        const Kind *kind;
        char *path;
        sd_event_source *source;
};

struct DefinitionWatch {
        Manager *manager;
        sd_event *event;
        GHashTable *directories; /* path -> Directory, of those that are there */
};

static void directory_free(void *p)
{
        Directory *d = p;

        sd_event_source_disable_unref(d->source);
        g_free(d->path);
        g_free(d);
}

static int on_event(sd_event_source *source, const struct inotify_event *e, void *userdata);

/* Watch what is at @path now, and no longer what was there before; there may be nothing. */
static void follow(DefinitionWatch *w, const char *path, const Kind *kind)
{
        Directory *d = g_new0(Directory, 1);

        g_hash_table_remove(w->directories, path);
        *d = (Directory){.watch = w, .kind = kind, .path = g_strdup(path)};
        int r = sd_event_add_inotify(w->event, &d->source, path, CHANGES, on_event, d);
        if (r >= 0) {
                g_hash_table_insert(w->directories, d->path, d);
                if (kind->follow_entries)
                        kind->follow_entries(d);
                return;
        }
        if (r != -ENOENT && r != -ENOTDIR) {
                _cleanup_free_ char *text = g_strdup_printf(
                        "What is changed in %s counts at the next start of a machine only, since "
                        "it cannot be watched: %s%s",
                        path, strerror(-r),
                        r == -ENOSPC ? "; raise the sysctl fs.inotify.max_user_watches" : "");

                manager_warn(w->manager, NULL, text);
        }
        directory_free(d);
}

/* Return: the name before the suffix; NULL for our own temporary names and everything else. */
static char *name_of(const char *file, const char *suffix)
{
        if (file[0] == '.' || streq(file, suffix) || !g_str_has_suffix(file, suffix))
                return NULL;
        return g_strndup(file, strlen(file) - strlen(suffix));
}

/* ---- NAME.machine.d ---- */

static void drop_in_changed(Directory *d, const char *file)
{
        _cleanup_free_ char *directory = g_path_get_basename(d->path), *name = NULL;

        if (file[0] != '.' && g_str_has_suffix(file, LODGE_DROP_IN_SUFFIX))
                name = name_of(directory, LODGE_DROP_INS_SUFFIX);
        if (name)
                manager_load_name(d->watch->manager, name);
}

static const Kind drop_ins = {.entry_changed = drop_in_changed};

/* ---- machines ---- */

/* Return: is @entry of machines' directory one for drop-ins? */
static bool follow_drop_ins(Directory *d, const char *entry)
{
        _cleanup_free_ char *name = name_of(entry, LODGE_DROP_INS_SUFFIX),
                            *path = g_strdup_printf("%s/%s", d->path, entry);

        if (!name || !machine_name_is_valid(name))
                return false;
        follow(d->watch, path, &drop_ins);
        return true;
}

static void machine_changed(Directory *d, const char *entry)
{
        const char *suffix =
                follow_drop_ins(d, entry) ? LODGE_DROP_INS_SUFFIX : LODGE_DEFINITION_SUFFIX;
        _cleanup_free_ char *name = name_of(entry, suffix);

        if (name)
                manager_load_name(d->watch->manager, name);
}

static void follow_all_drop_ins(Directory *d)
{
        _cleanup_closedir_ DIR *dir = opendir(d->path);

        for (struct dirent *e; dir && (e = readdir(dir));)
                (void)follow_drop_ins(d, e->d_name);
}

static void reload_machines(DefinitionWatch *w)
{
        manager_load(w->manager);
}

static const Kind machines = {machine_changed, follow_all_drop_ins, reload_machines};

/* ---- profiles ---- */

static void profile_changed(Directory *d, const char *file)
{
        _cleanup_free_ char *name = name_of(file, LODGE_PROFILE_SUFFIX);

        if (name)
                manager_load_profile(d->watch->manager, name);
}

static void reload_profiles(DefinitionWatch *w)
{
        manager_load_profile(w->manager, NULL);
}

static const Kind profiles = {.entry_changed = profile_changed, .reload = reload_profiles};

/* ---- networks ---- */

static void network_changed(Directory *d, const char *file)
{
        _cleanup_free_ char *name = name_of(file, LODGE_NETWORK_SUFFIX);

        if (name)
                networks_load_name(d->watch->manager, name);
}

static void reload_networks(DefinitionWatch *w)
{
        networks_load(w->manager);
}

static const Kind networks = {.entry_changed = network_changed, .reload = reload_networks};

/* ---- where all these are ---- */

static const struct {
        const char *path;
        const Kind *kind;
} places[] = {
        {LODGE_DEFINITIONS_ETC, &machines}, {LODGE_DEFINITIONS_RUN, &machines},
        {LODGE_DEFINITIONS_USR, &machines}, {LODGE_PROFILES_ETC, &profiles},
        {LODGE_PROFILES_RUN, &profiles},    {LODGE_PROFILES_USR, &profiles},
        {LODGE_NETWORKS_ETC, &networks},    {LODGE_NETWORKS_RUN, &networks},
        {LODGE_NETWORKS_USR, &networks},
};

/* @name: one of the entries of @parent; NULL: all of them. Return: their kind, NULL for none. */
static const Kind *follow_places(const Directory *parent, const char *name)
{
        const Kind *found = NULL;

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                _cleanup_free_ char *path =
                        g_strconcat(parent->watch->manager->root, places[i].path, NULL);
                _cleanup_free_ char *directory = g_path_get_dirname(path),
                                    *entry = g_path_get_basename(path);

                if (!streq(directory, parent->path) || (name && !streq(entry, name)))
                        continue;
                follow(parent->watch, path, places[i].kind);
                found = places[i].kind;
        }
        return found;
}

static void place_changed(Directory *d, const char *entry)
{
        const Kind *kind = follow_places(d, entry);

        if (kind)
                kind->reload(d->watch);
}

static void follow_all_places(Directory *d)
{
        (void)follow_places(d, NULL);
}

static const Kind parents = {.entry_changed = place_changed, .follow_entries = follow_all_places};

static void follow_parents(DefinitionWatch *w)
{
        static const char *const paths[] = {LODGE_ETC, LODGE_RUNTIME, LODGE_USR};

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                _cleanup_free_ char *path = g_strconcat(w->manager->root, paths[i], NULL);

                follow(w, path, &parents);
        }
}

/* ---- */

/* A file that is being made is told again once it is written: till then it says nothing, or half
 * of it. A link is whole. */
static bool is_unfinished(const Directory *d, const struct inotify_event *e)
{
        _cleanup_free_ char *path = g_strdup_printf("%s/%s", d->path, e->name);
        struct stat st;

        return (e->mask & IN_CREATE) && lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
               st.st_nlink == 1;
}

static int on_event(sd_event_source *source, const struct inotify_event *e, void *userdata)
{
        Directory *d = userdata;
        DefinitionWatch *w = d->watch;

        if (e->mask & IN_Q_OVERFLOW) { /* which may hide anything, and every directory is told */
                _cleanup_free_ char *first = g_strconcat(w->manager->root, LODGE_ETC, NULL);

                if (streq(d->path, first)) {
                        g_hash_table_remove_all(w->directories);
                        follow_parents(w);
                        manager_load(w->manager);
                }
        } else if (e->len > 0 && !is_unfinished(d, e)) {
                d->kind->entry_changed(d, e->name);
        }
        return 0;
}

int definition_watch_new(Manager *manager, sd_event *event, DefinitionWatch **ret)
{
        DefinitionWatch *w = g_new0(DefinitionWatch, 1);

        *w = (DefinitionWatch){
                .manager = manager,
                .event = event,
                .directories = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, directory_free),
        };
        follow_parents(w);
        *ret = w;
        return 0;
}

void definition_watch_free(DefinitionWatch *w)
{
        if (!w)
                return;
        g_hash_table_unref(w->directories);
        g_free(w);
}
