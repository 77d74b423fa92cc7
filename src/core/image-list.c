/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What images there are on disk. */
#include "core/image.h"

#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/manager.h"
#include "spec/reference.h"

#include <fcntl.h>
#include <glib.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

static const struct {
        const char *path;
        bool in_store;
} places[] = {{LODGE_STORE_IMAGES, true}, {LODGE_MACHINED_IMAGES, false}};

void image_free(void *p)
{
        Image *image = p;

        image_record_done(&image->record);
        fault_done(&image->load_error);
        g_free(image->path);
        g_free(image->name);
        g_free(image);
}

static uint64_t usec_of(const struct timespec *t)
{
        return (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_nsec / 1000;
}

/* chattr +i, as machined protects images; a file system without flags has none that is set. */
static bool is_immutable(const char *path)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        int flags = 0;

        return fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) >= 0 && flags & FS_IMMUTABLE_FL;
}

static int read_record(Image *image)
{
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        int r = read_file_at(AT_FDCWD, image->path, IMAGE_RECORD_MAX, &text, &n);

        if (r < 0)
                return fault_set(&image->load_error, FAULT_FAILED, r, "Cannot read %s: %s",
                                 image->path, strerror(-r));
        r = image_record_parse(image->path, text, n, &image->record, &image->load_error);
        if (r >= 0 && !streq(image->record.name, image->name))
                r = fault_set(&image->load_error, FAULT_FAILED, EUCLEAN,
                              "%s is the record of another image, '%s'", image->path,
                              image->record.name);
        return r < 0 ? fault_set(&image->load_error, FAULT_FAILED, r, "Cannot read %s: %s",
                                 image->path, strerror(-r))
                     : 0;
}

static void load(Image *image, const struct stat *st)
{
        image->stamp = store_stamp(st);
        image->added_usec = usec_of(&st->st_mtim);
        if (image->kind == IMAGE_OCI && read_record(image) >= 0) {
                image->read_only = image->record.read_only;
                image->added_usec = image->record.added_usec;
                image->created_usec = image->record.created_usec;
                image->size_bytes = image->record.size_bytes;
        } else if (image->kind == IMAGE_OCI) {
                image_record_done(&image->record);
        } else {
                image->read_only = is_immutable(image->path);
                if (image->kind == IMAGE_RAW)
                        image->size_bytes = (uint64_t)st->st_blocks * 512;
        }
}

/* Return: true if that is an image of this kind; fills in kind and path. */
static bool is_there(Image *image, size_t place, ImageKind kind, struct stat *ret)
{
        static const char *const suffixes[_IMAGE_KIND_MAX] = {
                [IMAGE_OCI] = LODGE_RECORD_SUFFIX,
                [IMAGE_DIRECTORY] = "",
                [IMAGE_RAW] = LODGE_RAW_SUFFIX,
        };
        bool is_plain = !image_name_is_reference(image->name);

        if (kind == IMAGE_OCI ? !places[place].in_store : !is_plain)
                return false;
        _cleanup_free_ char *file = image_file_name(image->name, suffixes[kind]);
        _cleanup_free_ char *path =
                g_strconcat(image->manager->root, places[place].path, "/", file, NULL);
        if (stat(path, ret) < 0)
                return false;
        if (kind == IMAGE_DIRECTORY ? !S_ISDIR(ret->st_mode) : !S_ISREG(ret->st_mode))
                return false;
        image->kind = kind;
        image->path = TAKE_PTR(path);
        image->in_store = places[place].in_store;
        return true;
}

static bool find_file(Image *image, struct stat *ret)
{
        for (size_t place = 0; place < ELEMENTSOF(places); place++)
                for (ImageKind kind = 0; kind < _IMAGE_KIND_MAX; kind++)
                        if (is_there(image, place, kind, ret))
                                return true;
        return false;
}

/* Take over what is new, in place: others may hold the old one until the loop is back. */
static void replace(Image *known, Image *fresh)
{
        Image old = *known;

        *known = *fresh;
        known->changes = old.changes;
        known->name = old.name;
        old.name = fresh->name;
        *fresh = old;
        manager_note_image(known, IMAGE_CHANGED_CONTENT);
}

Image *images_refresh(Manager *manager, const char *name)
{
        Image *known = g_hash_table_lookup(manager->images, name), *fresh = g_new0(Image, 1);
        StoreStamp stamp;
        struct stat st;

        fresh->manager = manager;
        fresh->name = g_strdup(name);
        if (!find_file(fresh, &st)) {
                image_free(fresh);
                if (known)
                        manager_remove_image(manager, known);
                return NULL;
        }
        stamp = store_stamp(&st);
        if (known && streq(known->path, fresh->path) && store_stamp_equal(&known->stamp, &stamp)) {
                image_free(fresh);
                return known;
        }
        load(fresh, &st);
        if (!known) {
                manager_add_image(manager, fresh);
                return fresh;
        }
        replace(known, fresh);
        image_free(fresh);
        return known;
}

/* The image that a file would be; NULL: none. */
static char *name_of_file(const char *file)
{
        static const char *const suffixes[] = {LODGE_RECORD_SUFFIX, LODGE_RAW_SUFFIX};

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                char *name = g_str_has_suffix(file, suffixes[i])
                                     ? image_name_from_file(file, suffixes[i])
                                     : NULL;
                if (name)
                        return name;
        }
        return image_name_check(file, NULL) < 0 ? NULL : g_strdup(file);
}

void images_look(Manager *manager, const char *file)
{
        _cleanup_free_ char *name = name_of_file(file);

        if (name)
                (void)images_refresh(manager, name);
        /* a directory may be called like the file of another image */
        if (name && !streq(name, file) && image_name_check(file, NULL) >= 0)
                (void)images_refresh(manager, file);
}

static bool has_changed(Manager *manager)
{
        bool changed = false;

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                _cleanup_free_ char *path = g_strconcat(manager->root, places[i].path, NULL);
                struct stat st = {0};

                (void)stat(path, &st); /* gone: all zero */
                StoreStamp stamp = store_stamp(&st);
                if (store_stamp_equal(&manager->image_places[i], &stamp))
                        continue;
                manager->image_places[i] = stamp;
                changed = true;
        }
        return changed;
}

void images_load(Manager *manager)
{
        GHashTable *gone = NULL;
        GHashTableIter it;
        void *name;

        if (!has_changed(manager))
                return;
        gone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_iter_init(&it, manager->images);
        while (g_hash_table_iter_next(&it, &name, NULL))
                g_hash_table_add(gone, g_strdup(name));
        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                _cleanup_free_ char *path = g_strconcat(manager->root, places[i].path, NULL);
                _cleanup_closedir_ DIR *dir = opendir(path);

                for (struct dirent *e; dir && (e = readdir(dir));)
                        images_look(manager, e->d_name);
        }
        g_hash_table_iter_init(&it, gone);
        while (g_hash_table_iter_next(&it, &name, NULL))
                (void)images_refresh(manager, name);
        g_hash_table_unref(gone);
}
