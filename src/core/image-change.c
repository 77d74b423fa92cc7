/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What callers change of images. Each change is one rename, link or write on disk; the table
 * follows from looking there again. */
#include "core/image.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "core/job.h"
#include "core/manager.h"
#include "core/store.h"
#include "spec/reference.h"

#include <fcntl.h>
#include <glib.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

/* ---- may it be? ---- */

static int check_writable(const Image *image, const char *verb, Fault *reterr)
{
        return image->read_only
                       ? fault_set(reterr, FAULT_NOT_SUPPORTED, EPERM,
                                   "Image '%s' is read-only and cannot be %s; 'lodgectl image "
                                   "read-only %s no' changes that",
                                   image->name, verb, image->name)
                       : 0;
}

static const Machine *find_user(const Image *image, bool only_running)
{
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, image->manager->machines);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                const Machine *m = p;

                if (streq(m->settings.image, image->name) &&
                    !(only_running && machine_is_stopped(m)))
                        return m;
        }
        return NULL;
}

/* @remedy for a machine that does not run, or is not asked about */
static int check_unused(const Image *image, bool force, const char *remedy, Fault *reterr)
{
        const Machine *user = find_user(image, force);

        return user ? fault_set(reterr, FAULT_BUSY, EBUSY, "Image '%s' is used by machine '%s'%s",
                                image->name, user->name,
                                force ? ", which runs: stop that first" : remedy)
                    : 0;
}

int image_check_free(Manager *manager, const char *name, bool force, Fault *reterr)
{
        const Image *there = images_refresh(manager, name);
        int r = there ? check_writable(there, "replaced", reterr) : 0;

        if (!there || r < 0)
                return r;
        if (force && there->kind == IMAGE_OCI)
                return 0;
        return fault_set(reterr, FAULT_EXISTS, EEXIST, "There is an image '%s' already%s", name,
                         force ? ", and it is not one of layers: remove it first" : "");
}

int image_check_new(Manager *manager, const char *name, bool force, char **ret, Fault *reterr)
{
        int r = image_name_canonical(name, ret, reterr);

        if (r < 0)
                return r;
        const Job *j = job_makes(manager, *ret);
        if (j)
                return fault_set(reterr, FAULT_BUSY, EBUSY, "Job %s is about to make image '%s'",
                                 j->id, *ret);
        return image_check_free(manager, *ret, force, reterr);
}

/* @name as a caller gave it; a directory or a file needs a plain one. */
static int check_new_name(const Image *image, const char *name, bool force, char **ret,
                          Fault *reterr)
{
        int r = image_check_new(image->manager, name, force, ret, reterr);

        if (r < 0)
                return r;
        if (image->kind != IMAGE_OCI && image_name_is_reference(*ret))
                return fault_set(reterr, FAULT_INVALID_NAME, EINVAL,
                                 "'%s' cannot be the name of an image of type %s: only one of "
                                 "layers has references for names",
                                 *ret, image_kind_name(image->kind));
        return 0;
}

/* ---- records ---- */

static int open_images(Manager *manager)
{
        _cleanup_free_ char *path = store_path(manager->root, LODGE_STORE_IMAGES, NULL);

        if (g_mkdir_with_parents(path, 0700) < 0)
                return -errno;
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int image_write_record(Manager *manager, const ImageRecord *record, Fault *reterr)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ char *file = image_file_name(record->name, LODGE_RECORD_SUFFIX);
        int r = image_record_format(record, &text, reterr);

        if (r < 0)
                return r;
        _cleanup_close_ int dir = open_images(manager);
        r = dir < 0 ? dir : write_file_atomic_at(dir, file, text, strlen(text), 0600);
        if (r < 0)
                return fault_set(reterr, store_fault_code(r), r,
                                 "Cannot write the record of image '%s' in %s: %s", record->name,
                                 LODGE_STORE_IMAGES, strerror(-r));
        (void)images_refresh(manager, record->name);
        return 0;
}

static int remove_record(Image *image, Fault *reterr)
{
        _cleanup_close_ int dir = open_images(image->manager);

        if (dir >= 0 && unlink(image->path) >= 0 && fsync(dir) >= 0)
                return 0;
        return fault_set(reterr, store_fault_code(-errno), errno, "Cannot delete %s: %s",
                         image->path, strerror(errno));
}

static int check_readable(const Image *image, Fault *reterr)
{
        return image->load_error.code == FAULT_NONE
                       ? 0
                       : fault_set(reterr, FAULT_FAILED, EUCLEAN, "Image '%s' cannot be used: %s",
                                   image->name, image->load_error.message ?: "out of memory");
}

/* The same layers under another name. */
static int copy_record(const Image *image, const char *name, Fault *reterr)
{
        ImageRecord copy = image->record; /* borrowed strings */
        int r = check_readable(image, reterr);

        if (r < 0)
                return r;
        copy.name = (char *)name;
        copy.read_only = false;
        copy.added_usec = now_usec(CLOCK_REALTIME);
        return image_write_record(image->manager, &copy, reterr);
}

/* ---- remove, rename, tag ---- */

static int trash(Image *image, Fault *reterr)
{
        const char *root = image->manager->root, *file = strrchr(image->path, '/') + 1;

        if (image->kind == IMAGE_OCI)
                return remove_record(image, reterr);
        return image->in_store ? store_trash(root, LODGE_STORE_IMAGES, file, reterr)
                               : store_trash_foreign(root, file, reterr);
}

int image_drop(Image *image, bool force, Fault *reterr)
{
        Manager *manager = image->manager;
        _cleanup_free_ char *name = g_strdup(image->name);
        bool in_store = image->in_store;
        int r = check_writable(image, "removed", reterr);

        r = r < 0 ? r
                  : check_unused(image, force,
                                 ": remove that first, or force it if the machine may lose its "
                                 "image",
                                 reterr);
        r = r < 0 ? r : trash(image, reterr);
        if (r < 0)
                return r;
        (void)images_refresh(manager, name);
        if (!in_store)
                manager->work.sweep(manager->work.userdata); /* which looks there, too */
        return 0;
}

int image_remove(Image *image, bool force, Fault *reterr)
{
        Manager *manager = image->manager;
        int r = image_drop(image, force, reterr);

        if (r < 0)
                return r;
        store_drop_unreferenced(manager, NULL, NULL);
        manager_sweep(manager);
        return 0;
}

static int rename_file(const Image *image, const char *name, Fault *reterr)
{
        _cleanup_free_ char *directory = g_path_get_dirname(image->path);
        _cleanup_free_ char *to = g_strconcat(
                directory, "/", name, image->kind == IMAGE_RAW ? LODGE_RAW_SUFFIX : NULL, NULL);

        if (renameat2(AT_FDCWD, image->path, AT_FDCWD, to, RENAME_NOREPLACE) < 0)
                return fault_set(reterr, errno == EEXIST ? FAULT_EXISTS : FAULT_FAILED, errno,
                                 "Cannot rename %s to %s: %s", image->path, to, strerror(errno));
        _cleanup_close_ int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir >= 0)
                (void)fsync(dir); /* after a crash it has the one name or the other */
        return 0;
}

int image_rename(Image *image, const char *name, Fault *reterr)
{
        Manager *manager = image->manager;
        _cleanup_free_ char *to = NULL, *from = g_strdup(image->name);
        int r = check_writable(image, "renamed", reterr);

        r = r < 0 ? r : check_new_name(image, name, false, &to, reterr);
        r = r < 0 ? r
                  : check_unused(image, false,
                                 image->kind == IMAGE_OCI
                                         ? ": give the image another name as well, by a tag"
                                         : ": clone the image instead, or remove the machine first",
                                 reterr);
        if (r < 0)
                return r;
        if (image->kind != IMAGE_OCI)
                r = rename_file(image, to, reterr);
        else {
                r = copy_record(image, to, reterr);
                r = r < 0 ? r : remove_record(image, reterr);
        }
        (void)images_refresh(manager, from);
        (void)images_refresh(manager, to);
        return r;
}

int image_tag(Image *image, const char *name, bool force, Fault *reterr)
{
        Manager *manager = image->manager;
        _cleanup_free_ char *to = NULL;

        if (image->kind != IMAGE_OCI)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "Image '%s' is of type %s and has one name only; clone it instead",
                                 image->name, image_kind_name(image->kind));
        int r = check_new_name(image, name, force, &to, reterr);
        if (r < 0 || streq(to, image->name))
                return r;
        bool replaces = images_refresh(manager, to) != NULL;
        r = copy_record(image, to, reterr);
        if (r >= 0 && replaces)
                store_drop_unreferenced(manager, NULL, NULL);
        manager_sweep(manager);
        return r;
}

/* ---- read-only ---- */

static int set_immutable(const Image *image, bool on, Fault *reterr)
{
        _cleanup_close_ int fd = open(image->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        int flags = 0, r = fd < 0 ? -errno : ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 ? -errno : 0;

        if (r >= 0) {
                flags = on ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
                r = ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0 ? -errno : 0;
        }
        if (r == -ENOTTY || r == -EOPNOTSUPP || r == -ENOSYS || r == -EINVAL)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, r,
                                 "The file system of %s cannot protect files from root",
                                 image->path);
        return r < 0 ? fault_set(reterr, FAULT_FAILED, r, "Cannot change the flags of %s: %s",
                                 image->path, strerror(-r))
                     : 0;
}

int image_set_read_only(Image *image, bool read_only, Fault *reterr)
{
        ImageRecord record = image->record; /* borrowed strings */
        _cleanup_free_ char *name = g_strdup(image->name);
        int r;

        if (image->read_only == read_only)
                return 0;
        if (image->kind != IMAGE_OCI) {
                r = set_immutable(image, read_only, reterr);
                (void)images_refresh(image->manager, name);
                return r;
        }
        record.read_only = read_only;
        r = check_readable(image, reterr);
        return r < 0 ? r : image_write_record(image->manager, &record, reterr);
}
