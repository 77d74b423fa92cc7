/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/volume.h"

#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/machine-mounts.h"
#include "core/manager.h"
#include "core/store.h"
#include "spec/ini.h"
#include "spec/words.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define RECORD_SIZE_MAX (1U << 20)

void volume_free(void *p)
{
        Volume *v = p;

        g_free(v->name);
        g_free(v->path);
        free(v->machine);
        free(v->key);
        g_free(v);
}

static Volume *volume_new(Manager *manager, const char *name)
{
        Volume *v = g_new0(Volume, 1);
        _cleanup_free_ char *directory = store_path(manager->root, LODGE_STORE_VOLUMES, name);

        v->manager = manager;
        v->name = g_strdup(name);
        v->path = g_strconcat(directory, "/" LODGE_VOLUME_DATA, NULL);
        return v;
}

/* ---- the record ---- */

static bool knows_section(void *userdata, const char *section)
{
        return streq(section, "Volume");
}

static int assign(void *userdata, const char *section, const char *key, const char *value,
                  Fault *reterr)
{
        Volume *v = userdata;
        uint64_t number;
        int r = 0;

        if (streq(key, "Owner")) {
                r = parse_u64(value, UINT32_MAX, &number);
                v->owner = r < 0 ? 0 : (uint32_t)number;
        } else if (streq(key, "Created")) {
                r = parse_u64(value, UINT64_MAX, &v->created_usec);
        } else if (streq(key, "Machine")) {
                r = machine_name_check(value, reterr);
                free(v->machine);
                v->machine = r < 0 ? NULL : strdup(value);
        } else if (streq(key, "Key")) {
                free(v->key);
                v->key = strdup(value);
        } else
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "'%s' is not known", key);
        return r < 0 ? fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "'%s' is no value of %s",
                                 value, key)
                     : 0;
}

static int read_record(Volume *v, Fault *reterr)
{
        static const IniReader reader = {knows_section, assign, RECORD_SIZE_MAX};
        _cleanup_free_ char *directory = store_path(v->manager->root, LODGE_STORE_VOLUMES, v->name);
        _cleanup_free_ char *path = g_strconcat(directory, "/" LODGE_VOLUME_RECORD, NULL);
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        int r = read_file_at(AT_FDCWD, path, RECORD_SIZE_MAX, &text, &n);

        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r, "Cannot read %s: %s", path, strerror(-r));
        return ini_parse(path, text, n, &reader, v, reterr);
}

int volume_check_record(const Volume *v, Fault *reterr)
{
        Volume *copy = volume_new(v->manager, v->name);
        int r = read_record(copy, reterr);

        volume_free(copy);
        return r;
}

static int write_record(const Volume *v, int dir)
{
        g_autoptr(GString) s = g_string_new("[Volume]\n");

        g_string_append_printf(s, "Owner=%" PRIu32 "\nCreated=%" PRIu64 "\n", v->owner,
                               v->created_usec);
        if (v->machine)
                g_string_append_printf(s, "Machine=%s\n", v->machine);
        if (v->key)
                g_string_append_printf(s, "Key=%s\n", v->key);
        return write_file_atomic_at(dir, LODGE_VOLUME_RECORD, s->str, s->len, 0600);
}

static int rewrite_record(const Volume *v, Fault *reterr)
{
        _cleanup_free_ char *directory = g_strconcat(LODGE_STORE_VOLUMES "/", v->name, NULL);
        _cleanup_free_ char *path = store_path(v->manager->root, LODGE_STORE_VOLUMES, v->name);
        _cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int r = dir < 0 ? -errno : 0;

        /* whatever a lodged that was killed was about to write is written again */
        store_delete_temporary(v->manager->root, directory);
        r = r < 0 ? r : write_record(v, dir);
        return r < 0 ? fault_set(reterr, store_fault_code(r), r, "Cannot write %s/%s: %s", path,
                                 LODGE_VOLUME_RECORD, strerror(-r))
                     : 0;
}

/* ---- what there is ---- */

static bool is_there(const Volume *v)
{
        struct stat st;

        return lstat(v->path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Return: is it whole? Else it is half made, or half removed: the check of the store names it. */
static bool load(Manager *manager, const char *name)
{
        Volume *v = volume_new(manager, name);
        _cleanup_fault_ Fault f = {0};

        if (!is_there(v)) {
                volume_free(v);
                return false;
        }
        /* the data counts, and nobody but root gets at it without a record */
        if (read_record(v, &f) < 0)
                manager_warn(manager, NULL, f.message);
        manager_add_volume(manager, v);
        return true;
}

void volumes_look(Manager *manager, const char *name)
{
        Volume *v = g_hash_table_lookup(manager->volumes, name);

        if (!v && image_name_check(name, NULL) >= 0)
                (void)load(manager, name);
        else if (v && !is_there(v))
                manager_remove_volume(manager, v);
}

static void forget_lost(Manager *manager)
{
        GList *all = g_hash_table_get_values(manager->volumes);

        for (GList *i = all; i; i = i->next)
                if (!is_there(i->data))
                        manager_remove_volume(manager, i->data);
        g_list_free(all);
}

void volumes_load(Manager *manager)
{
        _cleanup_free_ char *path = store_path(manager->root, LODGE_STORE_VOLUMES, NULL);
        struct stat st = {0};
        bool are_whole = true;

        (void)stat(path, &st); /* gone: all zero */
        StoreStamp stamp = store_stamp(&st);
        if (store_stamp_equal(&manager->volumes_place, &stamp))
                return;
        _cleanup_closedir_ DIR *dir = opendir(path);
        for (struct dirent *e; dir && (e = readdir(dir));)
                if (image_name_check(e->d_name, NULL) >= 0 &&
                    !g_hash_table_contains(manager->volumes, e->d_name))
                        are_whole = load(manager, e->d_name) && are_whole;
        forget_lost(manager);
        /* what is half made by hand is completed below, where no stamp tells */
        manager->volumes_place = are_whole ? stamp : (StoreStamp){0};
}

static int check_name(const char *name, Fault *reterr)
{
        _cleanup_free_ char *shown = NULL;

        if (image_name_check(name, NULL) >= 0)
                return 0;
        shown = text_for_display(name ?: "", 80);
        return fault_set(reterr, FAULT_INVALID_NAME, EINVAL,
                         "'%s' cannot be a volume name: use at most 64 letters, digits, and '_', "
                         "'.' or '-', none of the last two first",
                         shown ?: "");
}

int volume_find(Manager *manager, const char *name, Volume **ret, Fault *reterr)
{
        int r = check_name(name, reterr);

        if (r < 0)
                return r;
        volumes_load(manager);
        *ret = g_hash_table_lookup(manager->volumes, name);
        return *ret ? 0
                    : fault_set(
                              reterr, FAULT_NO_SUCH_VOLUME, ENOENT,
                              "No volume '%s' is known; 'lodgectl volume ls' shows those that are",
                              name);
}

/* ---- making one ---- */

/* Under a name that no volume can have, then renamed. */
static int build(const Volume *v)
{
        _cleanup_free_ char *path = store_path(v->manager->root, LODGE_STORE_VOLUMES, NULL);
        _cleanup_free_ char *temporary = g_strconcat(STORE_TEMPORARY, v->name, NULL);
        _cleanup_close_ int all = -EBADF, dir = -EBADF;

        if (g_mkdir_with_parents(path, 0700) < 0)
                return -errno;
        all = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (all < 0)
                return -errno;
        if (mkdirat(all, temporary, 0700) < 0 && errno != EEXIST)
                return -errno;
        dir = openat(all, temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (dir < 0)
                return -errno;
        /* whoever mounts it may go in: its parent is closed to all but root */
        if (mkdirat(dir, LODGE_VOLUME_DATA, 0755) < 0 && errno != EEXIST)
                return -errno;
        if (fchmodat(dir, LODGE_VOLUME_DATA, 0755, 0) < 0) /* our umask is strict */
                return -errno;
        int r = write_record(v, dir);
        if (r >= 0 && fsync(dir) < 0)
                r = -errno;
        if (r >= 0 && renameat2(all, temporary, all, v->name, RENAME_NOREPLACE) < 0)
                r = -errno;
        return r >= 0 && fsync(all) < 0 ? -errno : r;
}

static int make(Volume *v, Volume **ret, Fault *reterr)
{
        v->created_usec = now_usec(CLOCK_REALTIME);
        int r = build(v);
        if (r < 0) {
                (void)fault_set(reterr, r == -EEXIST ? FAULT_EXISTS : store_fault_code(r), r,
                                "Cannot make volume '%s' in %s: %s", v->name, LODGE_STORE_VOLUMES,
                                strerror(-r));
                volume_free(v);
                return r;
        }
        manager_add_volume(v->manager, v);
        *ret = v;
        return 0;
}

int volume_create(Manager *manager, const char *name, uint32_t owner, Volume **ret, Fault *reterr)
{
        int r = check_name(name, reterr);

        if (r < 0)
                return r;
        volumes_load(manager);
        if (g_hash_table_contains(manager->volumes, name))
                return fault_set(reterr, FAULT_EXISTS, EEXIST, "There is a volume '%s' already",
                                 name);
        Volume *v = volume_new(manager, name);
        v->owner = owner;
        return make(v, ret, reterr);
}

/* ---- anonymous ones ---- */

/* Of this machine, not of an earlier one of that name: its id is part of it. */
static char *digest_of(const Machine *m, const char *name, const char *path)
{
        GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
        uint8_t id[16];
        char *digest;

        machine_id(m, id);
        g_checksum_update(sum, id, sizeof(id));
        g_checksum_update(sum, (const guchar *)name, (gssize)strlen(name) + 1);
        g_checksum_update(sum, (const guchar *)path, -1);
        digest = g_strndup(g_checksum_get_string(sum), 32);
        g_checksum_free(sum);
        return digest;
}

/* The machine may have been renamed since, so a new one's name is only where one is looked for
 * first; and it may be that of another machine's, which had ours then. */
static bool is_own(const Volume *v, const Machine *m, const char *key)
{
        return streq(v->machine, m->name) && (!v->key || streq(v->key, key));
}

static Volume *find_by_key(const Machine *m, const char *key)
{
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, m->manager->volumes);
        while (g_hash_table_iter_next(&i, NULL, &p))
                if (((Volume *)p)->key && is_own(p, m, key))
                        return p;
        return NULL;
}

char *volume_anonymous_name(const Machine *m, const char *path)
{
        _cleanup_free_ char *key = digest_of(m, "", path);
        const Volume *own = find_by_key(m, key);

        for (unsigned i = 0; !own; i++) {
                _cleanup_free_ char *salted =
                        i == 0 ? g_strdup(m->name) : g_strdup_printf("%s %u", m->name, i);
                _cleanup_free_ char *digest = digest_of(m, salted, path);
                _cleanup_free_ char *name = g_strconcat("anonymous-", digest, NULL);
                const Volume *v = g_hash_table_lookup(m->manager->volumes, name);

                if (!v || is_own(v, m, key))
                        return TAKE_PTR(name);
        }
        return g_strdup(own->name);
}

/* One of an earlier lodge's, which is found by its name alone. */
static void take_key(Volume *v, char **key)
{
        _cleanup_fault_ Fault f = {0};

        if (!v->machine || v->key)
                return;
        v->key = TAKE_PTR(*key);
        if (rewrite_record(v, &f) < 0)
                manager_warn(v->manager, v->machine, f.message);
}

int volume_ensure(Machine *m, const char *name, const char *path, Volume **ret, Fault *reterr)
{
        _cleanup_free_ char *anonymous = name ? NULL : volume_anonymous_name(m, path);
        _cleanup_free_ char *key = name ? NULL : digest_of(m, "", path);
        int r = check_name(name ?: anonymous, reterr);

        if (r < 0)
                return r;
        *ret = g_hash_table_lookup(m->manager->volumes, name ?: anonymous);
        if (*ret && access((*ret)->path, F_OK) == 0) {
                if (key)
                        take_key(*ret, &key);
                return 0;
        }
        if (*ret) /* somebody has taken it away by hand */
                manager_remove_volume(m->manager, *ret);
        Volume *v = volume_new(m->manager, name ?: anonymous);
        v->owner = m->settings.owner;
        v->machine = name ? NULL : g_strdup(m->name);
        v->key = TAKE_PTR(key);
        return make(v, ret, reterr);
}

/* ---- who uses it ---- */

/* "NAME:/path[:options]"; "/path" is an anonymous one. */
static bool names_volume(const char *line, const char *name)
{
        size_t n = strlen(name);

        return strncmp(line, name, n) == 0 && line[n] == ':';
}

static bool machine_has(const Machine *m, const Volume *v)
{
        if (v->machine)
                return streq(v->machine, m->name);
        if (machine_mounts_volume(m, v->name))
                return true;
        STRV_FOREACH (line, machine_volumes(m))
                if (names_volume(*line, v->name))
                        return true;
        return false;
}

static int compare_strings(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

char **volume_used_by(const Volume *v)
{
        GPtrArray *names = g_ptr_array_new();
        GHashTableIter i;
        void *m;

        g_hash_table_iter_init(&i, v->manager->machines);
        while (g_hash_table_iter_next(&i, NULL, &m))
                if (machine_has(m, v))
                        g_ptr_array_add(names, g_strdup(((const Machine *)m)->name));
        g_ptr_array_sort(names, compare_strings);
        g_ptr_array_add(names, NULL);
        return (char **)g_ptr_array_free(names, FALSE);
}

void volume_note_use(Manager *manager, char *const *volumes)
{
        STRV_FOREACH (line, volumes) {
                _cleanup_free_ char *name = g_strndup(*line, strcspn(*line, ":"));
                Volume *v = g_hash_table_lookup(manager->volumes, name);

                if (v)
                        manager_note_volume(v);
        }
}

void volume_note_machine(Manager *manager, const char *machine)
{
        GHashTableIter i;
        void *v;

        g_hash_table_iter_init(&i, manager->volumes);
        while (g_hash_table_iter_next(&i, NULL, &v))
                if (streq(((const Volume *)v)->machine, machine))
                        manager_note_volume(v);
}

/* ---- removing ---- */

static int drop(Volume *v, Fault *reterr)
{
        int r = store_trash(v->manager->root, LODGE_STORE_VOLUMES, v->name, reterr);

        if (r < 0)
                return r;
        manager_remove_volume(v->manager, v);
        return 0;
}

static const Machine *find_user(const Volume *v, bool only_running)
{
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, v->manager->machines);
        while (g_hash_table_iter_next(&i, NULL, &p))
                if (machine_has(p, v) && !(only_running && machine_is_stopped(p)))
                        return p;
        return NULL;
}

int volume_remove(Volume *v, bool force, Fault *reterr)
{
        Manager *manager = v->manager;
        const Machine *user = find_user(v, force);
        int r;

        if (user)
                return fault_set(reterr, FAULT_BUSY, EBUSY, "Volume '%s' is %s by machine '%s'",
                                 v->name, force ? "being used" : "used", user->name);
        r = drop(v, reterr);
        if (r >= 0)
                manager_sweep(manager);
        return r;
}

int volumes_prune(Manager *manager, void *removed, Fault *reterr)
{
        GList *all = g_hash_table_get_values(manager->volumes);
        int result = 0;

        for (GList *i = all; i; i = i->next) {
                Volume *v = i->data;
                _cleanup_free_ char *name = g_strdup(v->name);

                if (find_user(v, false))
                        continue;
                int r = drop(v, result < 0 ? NULL : reterr);
                if (r >= 0)
                        g_ptr_array_add(removed, TAKE_PTR(name));
                else if (result >= 0)
                        result = r;
        }
        g_list_free(all);
        manager_sweep(manager);
        return result;
}

void volumes_drop(Manager *manager, const char *machine)
{
        GList *all = g_hash_table_get_values(manager->volumes);

        for (GList *i = all; i; i = i->next) {
                Volume *v = i->data;
                _cleanup_fault_ Fault f = {0};

                if (streq(v->machine, machine) && drop(v, &f) < 0)
                        manager_warn(manager, machine, f.message);
        }
        g_list_free(all);
}

char **volumes_owners(Manager *manager)
{
        GHashTable *owners = g_hash_table_new(g_str_hash, g_str_equal);
        GPtrArray *names = g_ptr_array_new();
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, manager->volumes);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                const Volume *v = p;

                if (v->machine && g_hash_table_add(owners, v->machine))
                        g_ptr_array_add(names, g_strdup(v->machine));
        }
        g_hash_table_unref(owners);
        g_ptr_array_add(names, NULL);
        return (char **)g_ptr_array_free(names, FALSE);
}

/* ---- their machine gets another name ---- */

int volumes_check_rename(Manager *manager, const char *machine, Fault *reterr)
{
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, manager->volumes);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                const Volume *v = p;

                if (streq(v->machine, machine) && !v->key)
                        return fault_set(reterr, FAULT_BUSY, EBUSY,
                                         "Machine '%s' has the volume '%s' of an earlier lodge, "
                                         "which would not be found under another name: start and "
                                         "stop the machine once",
                                         machine, v->name);
        }
        return 0;
}

int volumes_rename_machine(Manager *manager, const char *from, const char *to, Fault *reterr)
{
        GHashTableIter i;
        void *p;
        int r = 0;

        g_hash_table_iter_init(&i, manager->volumes);
        while (r >= 0 && g_hash_table_iter_next(&i, NULL, &p)) {
                Volume *v = p;
                char *before = v->machine;

                if (!streq(before, from))
                        continue;
                v->machine = strdup(to);
                r = v->machine ? rewrite_record(v, reterr) : -ENOMEM;
                if (r < 0) {
                        free(v->machine);
                        v->machine = before;
                        continue;
                }
                free(before);
        }
        return r;
}
