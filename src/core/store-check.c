/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What does not fit, and what helps. */
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/definition.h"
#include "core/job.h"
#include "core/manager.h"
#include "core/remedy.h"
#include "core/store.h"
#include "core/volume.h"
#include "spec/reference.h"

#include <string.h>
#include <sys/stat.h>

/* ---- findings ---- */

static void find(GPtrArray *findings, const char *object, char *remedy, const char *format, ...)
        _printf_(4, 5);

/* Takes over @remedy. */
static void find(GPtrArray *findings, const char *object, char *remedy, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        g_ptr_array_add(findings, text_for_display(object, 512));
        g_ptr_array_add(findings, g_strdup_vprintf(format, ap));
        g_ptr_array_add(findings, remedy);
        va_end(ap);
}

static bool is_there(const char *root, const char *directory, const char *digest, const char *entry,
                     mode_t type)
{
        _cleanup_free_ char *file = digest_file_name(digest);
        _cleanup_free_ char *path = file ? store_path(root, directory, file) : NULL;
        _cleanup_free_ char *full = path ? g_strconcat(path, entry, NULL) : NULL;
        struct stat st;

        return full && lstat(full, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

static void check_image(const Image *image, GPtrArray *findings)
{
        Manager *manager = image->manager;

        if (image->kind != IMAGE_OCI)
                return;
        if (image->load_error.code != FAULT_NONE) {
                find(findings, image->path,
                     remedy_command("lodgectl image rm --force %s", image->name),
                     "The record cannot be used, and nothing is pruned while it is there: %s",
                     image->load_error.message ?: "");
                return;
        }
        STRV_FOREACH (digest, image->record.layers)
                if (!is_there(manager->root, LODGE_STORE_LAYERS, *digest, "", S_IFDIR))
                        find(findings, image->name,
                             remedy_make_again(manager, *digest, image->name),
                             "Its layer %s is not there", *digest);
        const char *const blobs[] = {image->record.digest, image->record.config_digest};
        for (size_t i = 0; i < ELEMENTSOF(blobs); i++)
                if (blobs[i] && !is_there(manager->root, LODGE_STORE_BLOBS, blobs[i], "", S_IFREG))
                        find(findings, image->name,
                             remedy_make_again(manager, blobs[i], image->name),
                             "Its %s %s is not there", i == 0 ? "manifest" : "configuration",
                             blobs[i]);
}

static void check_images(Manager *manager, GPtrArray *findings)
{
        _cleanup_free_ char *path = store_path(manager->root, LODGE_STORE_IMAGES, NULL);
        _cleanup_closedir_ DIR *dir = opendir(path);
        GHashTableIter i;
        void *image;

        for (struct dirent *e; dir && (e = readdir(dir));) {
                bool is_record = g_str_has_suffix(e->d_name, LODGE_RECORD_SUFFIX);
                _cleanup_free_ char *name =
                        is_record ? image_name_from_file(e->d_name, LODGE_RECORD_SUFFIX) : NULL;
                _cleanup_free_ char *full =
                        store_path(manager->root, LODGE_STORE_IMAGES, e->d_name);

                if (streq(e->d_name, ".") || streq(e->d_name, "..") || name ||
                    image_name_check(e->d_name, NULL) >= 0)
                        continue;
                find(findings, full, remedy_remove(full), "This is no image's name");
        }
        images_load(manager);
        g_hash_table_iter_init(&i, manager->images);
        while (g_hash_table_iter_next(&i, NULL, &image))
                check_image(image, findings);
}

static void check_digest(Manager *manager, const char *directory, const char *file,
                         const char *what, GPtrArray *findings)
{
        const char *root = manager->root;
        _cleanup_free_ char *digest = digest_from_file_name(file);
        _cleanup_free_ char *full = store_path(root, directory, file);
        bool is_layer = streq(directory, LODGE_STORE_LAYERS);

        if (!digest)
                find(findings, full, remedy_remove(full), "This is no %s's name", what);
        else if (!is_layer)
                return;
        else if (!is_there(root, directory, digest, "/" LODGE_LAYER_TREE, S_IFDIR))
                find(findings, full, store_remedy(manager, directory, digest),
                     "The layer has no files");
        else if (!is_there(root, directory, digest, "/" LODGE_LAYER_MAP, S_IFREG))
                find(findings, full, store_remedy(manager, directory, digest),
                     "The layer has no " LODGE_LAYER_MAP ": it cannot be exported or verified");
}

static void check_digests(Manager *manager, const char *directory, const char *what,
                          GPtrArray *findings)
{
        _cleanup_free_ char *path = store_path(manager->root, directory, NULL);
        _cleanup_closedir_ DIR *dir = opendir(path);

        for (struct dirent *e; dir && (e = readdir(dir));)
                if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
                        check_digest(manager, directory, e->d_name, what, findings);
}

static void check_incoming(Manager *manager, GPtrArray *findings)
{
        _cleanup_free_ char *path = store_path(manager->root, LODGE_STORE_INCOMING, NULL);
        _cleanup_closedir_ DIR *dir = opendir(path);

        for (struct dirent *e; dir && (e = readdir(dir));) {
                _cleanup_free_ char *full =
                        store_path(manager->root, LODGE_STORE_INCOMING, e->d_name);

                if (streq(e->d_name, ".") || streq(e->d_name, "..") ||
                    g_hash_table_contains(manager->jobs, e->d_name) ||
                    g_hash_table_contains(manager->hidden_jobs, e->d_name) ||
                    g_hash_table_contains(manager->lost_jobs, e->d_name))
                        continue;
                find(findings, full, g_strdup("lodgectl prune"),
                     "There is no job that it belongs to");
        }
}

static void check_volume(const Volume *v, const char *full, GPtrArray *findings)
{
        _cleanup_free_ char *record = g_strconcat(full, "/" LODGE_VOLUME_RECORD, NULL);
        _cleanup_fault_ Fault f = {0};

        if (volume_check_record(v, &f) < 0)
                find(findings, full,
                     remedy_command("echo '[Volume]' >%s && systemctl restart lodged", record),
                     "The record of whose it is cannot be used, and it counts as root's: %s",
                     f.message ?: "");
        else if (v->machine && !manager_find(v->manager, v->machine) &&
                 definition_is_gone(v->manager->root, v->machine))
                find(findings, full, g_strdup("lodgectl volume prune"),
                     "It belongs to machine '%s', which is gone", v->machine);
}

static void check_volumes(Manager *manager, GPtrArray *findings)
{
        _cleanup_free_ char *path = store_path(manager->root, LODGE_STORE_VOLUMES, NULL);
        _cleanup_closedir_ DIR *dir = opendir(path);

        volumes_load(manager);
        for (struct dirent *e; dir && (e = readdir(dir));) {
                const Volume *v = g_hash_table_lookup(manager->volumes, e->d_name);
                _cleanup_free_ char *full =
                        store_path(manager->root, LODGE_STORE_VOLUMES, e->d_name);
                _cleanup_free_ char *data = g_strconcat(full, "/" LODGE_VOLUME_DATA, NULL);
                struct stat st;
                bool has_data = lstat(data, &st) == 0 && S_ISDIR(st.st_mode);

                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                if (g_str_has_prefix(e->d_name, STORE_TEMPORARY))
                        find(findings, full, g_strdup("lodgectl prune"),
                             "A volume that was half made");
                else if (!has_data || (!v && image_name_check(e->d_name, NULL) < 0))
                        find(findings, full, remedy_remove(full), "This is no volume");
                else if (v)
                        check_volume(v, full, findings);
        }
}

static void check_machines(Manager *manager, GPtrArray *findings)
{
        _cleanup_free_ char *path = store_path(manager->root, LODGE_STORE_MACHINES, NULL);
        _cleanup_closedir_ DIR *dir = opendir(path);
        GHashTableIter i;
        void *p;

        for (struct dirent *e; dir && (e = readdir(dir));) {
                _cleanup_free_ char *full =
                        store_path(manager->root, LODGE_STORE_MACHINES, e->d_name);

                if (streq(e->d_name, ".") || streq(e->d_name, "..") ||
                    machine_name_is_valid(e->d_name))
                        continue; /* one without a machine goes by itself, core/orphan.c */
                find(findings, full, remedy_remove(full), "This is no machine's name");
        }
        g_hash_table_iter_init(&i, manager->machines);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                const Machine *m = p;
                _cleanup_fault_ Fault f = {0};
                Image *image;

                if (m->settings.image && image_check(manager, m->settings.image, &image, &f) < 0)
                        find(findings, m->name, remedy_make_again(manager, NULL, m->settings.image),
                             "The image of the machine cannot be used: %s", f.message ?: "");
        }
}

/* What is in use may not be deleted, and there has been time to do it. */
static void check_trash(Manager *manager, GPtrArray *findings)
{
        _cleanup_free_ char *path = store_path(manager->root, LODGE_STORE_TRASH, NULL);
        _cleanup_closedir_ DIR *dir =
                manager->work.is_stuck && manager->work.is_stuck(manager->work.userdata)
                        ? opendir(path)
                        : NULL;

        for (struct dirent *e; dir && (e = readdir(dir));) {
                _cleanup_free_ char *full = store_path(manager->root, LODGE_STORE_TRASH, e->d_name);
                _cleanup_free_ char *mount = NULL;

                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                mount = mount_below(full);
                if (mount)
                        find(findings, full, remedy_command("umount %s && lodgectl prune", mount),
                             "It cannot be deleted: something is mounted in it");
                else
                        find(findings, full, remedy_remove(full),
                             "It could not be deleted; 'journalctl -u lodged' says why");
        }
}

void store_check(Manager *manager, GPtrArray *findings)
{
        check_images(manager, findings);
        check_digests(manager, LODGE_STORE_LAYERS, "layer", findings);
        check_digests(manager, LODGE_STORE_BLOBS, "blob", findings);
        check_incoming(manager, findings);
        check_volumes(manager, findings);
        check_machines(manager, findings);
        check_trash(manager, findings);
}
