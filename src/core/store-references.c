/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What refers to what, and what nobody refers to. */
#include "base/names.h"
#include "base/text.h"
#include "core/job.h"
#include "core/manager.h"
#include "core/store.h"
#include "spec/reference.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

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
