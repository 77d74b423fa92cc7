/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What refers to what, and what does not fit. */
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/definition.h"
#include "core/job.h"
#include "core/manager.h"
#include "core/store.h"
#include "core/volume.h"
#include "spec/reference.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* ---- references ---- */

static void add_reference(GHashTable *set, const char *digest)
{
        if (digest)
                g_hash_table_add(set, g_strdup(digest));
}

/* Every record is read again where it has changed. Return: 0; -EUCLEAN somebody may refer to things
 * that we do not know of. */
static int collect(Manager *manager, GHashTable *layers, GHashTable *blobs)
{
        _cleanup_free_ char *path = store_path(manager->root, LODGE_STORE_IMAGES, NULL);
        _cleanup_closedir_ DIR *dir = opendir(path);

        if (!dir) /* not even that there are none is known */
                return -EUCLEAN;
        for (struct dirent *e; (e = readdir(dir));) {
                if (e->d_name[0] == '.' || !g_str_has_suffix(e->d_name, LODGE_RECORD_SUFFIX))
                        continue;
                _cleanup_free_ char *name = image_name_from_file(e->d_name, LODGE_RECORD_SUFFIX);
                const Image *image = name ? images_refresh(manager, name) : NULL;

                if (image && image->kind != IMAGE_OCI && image->kind == IMAGE_DIRECTORY)
                        continue; /* a directory of that name */
                if (!image || image->load_error.code != FAULT_NONE)
                        return -EUCLEAN;
                STRV_FOREACH (digest, image->record.layers)
                        add_reference(layers, *digest);
                add_reference(blobs, image->record.digest);
                add_reference(blobs, image->record.config_digest);
        }
        return 0;
}

static GHashTable *new_set(void)
{
        return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/* ---- what nobody refers to ---- */

/* A machine that runs holds a lock on each of its layers, and one that starts waits for ours.
 * Return: true, and what holds the lock. */
static bool lock_unused(const char *path, int *ret)
{
        *ret = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); /* a blob is a file */
        return *ret < 0 || flock(*ret, LOCK_EX | LOCK_NB) >= 0;
}

/* Return: true if it is gone. */
static bool drop(Manager *manager, const char *directory, const char *digest, GPtrArray *removed)
{
        _cleanup_free_ char *file = digest_file_name(digest);
        _cleanup_free_ char *path = store_path(manager->root, directory, file);
        _cleanup_close_ int lock = -EBADF;
        _cleanup_fault_ Fault f = {0};

        if (job_holds_layer(manager, digest) || !lock_unused(path, &lock))
                return false;
        int r = store_trash(manager->root, directory, file, &f);
        if (r < 0)
                manager_warn(manager, NULL, f.message);
        else if (r > 0 && removed)
                g_ptr_array_add(removed, g_strdup(digest));
        return r > 0;
}

static uint64_t drop_layers(Manager *manager, GHashTable *kept, GPtrArray *removed)
{
        _cleanup_strv_free_ char **all = store_layers(manager->root);
        uint64_t bytes = 0;

        STRV_FOREACH (digest, all) {
                uint64_t size = store_layer_size(manager->root, *digest);

                if (!g_hash_table_contains(kept, *digest) &&
                    drop(manager, LODGE_STORE_LAYERS, *digest, removed))
                        bytes += size;
        }
        return bytes;
}

/* Blobs come just before the record that names them, both at the end of a job. */
void store_drop_unreferenced(Manager *manager, GPtrArray *removed, uint64_t *ret_bytes)
{
        GHashTable *layers = new_set(), *blobs = new_set();
        _cleanup_strv_free_ char **all_blobs = store_blobs(manager->root);
        uint64_t bytes = 0;

        if (collect(manager, layers, blobs) >= 0) {
                bytes = drop_layers(manager, layers, removed);
                STRV_FOREACH (digest, all_blobs)
                        if (!g_hash_table_contains(blobs, *digest))
                                (void)drop(manager, LODGE_STORE_BLOBS, *digest, removed);
        }
        if (ret_bytes)
                *ret_bytes = bytes;
        g_hash_table_unref(layers);
        g_hash_table_unref(blobs);
}

/* ---- findings ---- */

static void find(GPtrArray *findings, const char *object, const char *remedy, const char *format,
                 ...) _printf_(4, 5);

static void find(GPtrArray *findings, const char *object, const char *remedy, const char *format,
                 ...)
{
        va_list ap;

        va_start(ap, format);
        g_ptr_array_add(findings, text_for_display(object, 512));
        g_ptr_array_add(findings, g_strdup_vprintf(format, ap));
        g_ptr_array_add(findings, g_strdup(remedy));
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
        const char *root = image->manager->root;
        const char *again = "pull or import the image again, or remove it";

        if (image->kind != IMAGE_OCI)
                return;
        if (image->load_error.code != FAULT_NONE) {
                find(findings, image->path, "remove the file, and pull or import the image again",
                     "The record cannot be used, and nothing is pruned while it is there: %s",
                     image->load_error.message ?: "");
                return;
        }
        STRV_FOREACH (digest, image->record.layers)
                if (!is_there(root, LODGE_STORE_LAYERS, *digest, "", S_IFDIR))
                        find(findings, image->name, again, "Its layer %s is not there", *digest);
        const char *const blobs[] = {image->record.digest, image->record.config_digest};
        for (size_t i = 0; i < ELEMENTSOF(blobs); i++)
                if (blobs[i] && !is_there(root, LODGE_STORE_BLOBS, blobs[i], "", S_IFREG))
                        find(findings, image->name, again, "Its %s %s is not there",
                             i == 0 ? "manifest" : "configuration", blobs[i]);
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
                find(findings, full, "rename or remove it", "This is no image's name");
        }
        images_load(manager);
        g_hash_table_iter_init(&i, manager->images);
        while (g_hash_table_iter_next(&i, NULL, &image))
                check_image(image, findings);
}

static void check_digests(const char *root, const char *directory, const char *what,
                          GPtrArray *findings)
{
        _cleanup_free_ char *path = store_path(root, directory, NULL);
        _cleanup_closedir_ DIR *dir = opendir(path);

        for (struct dirent *e; dir && (e = readdir(dir));) {
                _cleanup_free_ char *digest = digest_from_file_name(e->d_name);
                _cleanup_free_ char *full = store_path(root, directory, e->d_name);

                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                if (!digest)
                        find(findings, full, "remove it", "This is no %s's name", what);
                else if (streq(directory, LODGE_STORE_BLOBS))
                        continue;
                else if (!is_there(root, directory, digest, "/" LODGE_LAYER_TREE, S_IFDIR))
                        find(findings, full, "remove it, and pull its images again",
                             "The layer has no files");
                else if (!is_there(root, directory, digest, "/" LODGE_LAYER_MAP, S_IFREG))
                        find(findings, full, "remove it, and pull its images again",
                             "The layer has no " LODGE_LAYER_MAP
                             ": it cannot be exported or verified");
        }
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
                find(findings, full, "restart lodged, which sweeps it",
                     "There is no job that it belongs to");
        }
}

static void check_volumes(Manager *manager, GPtrArray *findings)
{
        _cleanup_free_ char *path = store_path(manager->root, LODGE_STORE_VOLUMES, NULL);
        _cleanup_closedir_ DIR *dir = opendir(path);

        for (struct dirent *e; dir && (e = readdir(dir));) {
                const Volume *v = g_hash_table_lookup(manager->volumes, e->d_name);
                _cleanup_free_ char *full =
                        store_path(manager->root, LODGE_STORE_VOLUMES, e->d_name);
                _cleanup_free_ char *record = g_strconcat(full, "/" LODGE_VOLUME_RECORD, NULL);
                struct stat st;

                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                if (g_str_has_prefix(e->d_name, STORE_TEMPORARY))
                        find(findings, full, "remove it", "A volume that was half made");
                else if (!v)
                        find(findings, full, "restart lodged if it is a volume, else remove it",
                             "This is no volume that is known");
                else if (lstat(record, &st) < 0)
                        find(findings, full, "back up its data, and create the volume anew",
                             "The volume has no record of whose it is");
                else if (v->machine && !manager_find(manager, v->machine) &&
                         definition_is_gone(manager->root, v->machine))
                        find(findings, full, "'lodgectl volume prune' removes it",
                             "It belongs to machine '%s', which is gone", v->machine);
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
                find(findings, full, "remove it", "This is no machine's name");
        }
        g_hash_table_iter_init(&i, manager->machines);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                const Machine *m = p;
                _cleanup_fault_ Fault f = {0};
                Image *image;

                if (m->settings.image && image_check(manager, m->settings.image, &image, &f) < 0)
                        find(findings, m->name, "pull or import the image, or remove the machine",
                             "The image of the machine cannot be used: %s", f.message ?: "");
        }
}

void store_check(Manager *manager, GPtrArray *findings)
{
        check_images(manager, findings);
        check_digests(manager->root, LODGE_STORE_LAYERS, "layer", findings);
        check_digests(manager->root, LODGE_STORE_BLOBS, "blob", findings);
        check_incoming(manager, findings);
        check_volumes(manager, findings);
        check_machines(manager, findings);
}
