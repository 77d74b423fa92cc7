/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/store.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "spec/reference.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define BLOB_SIZE_MAX (4U << 20) /* as registries have it for manifests */

char *store_path(const char *root, const char *directory, const char *name)
{
        return g_strconcat(root, directory, name ? "/" : NULL, name, NULL);
}

StoreStamp store_stamp(const struct stat *st)
{
        return (StoreStamp){st->st_dev, st->st_ino, st->st_ctim};
}

bool store_stamp_equal(const StoreStamp *a, const StoreStamp *b)
{
        return a->device == b->device && a->inode == b->inode &&
               a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

FaultCode store_fault_code(int error)
{
        return error == -ENOSPC || error == -EDQUOT ? FAULT_NO_SPACE : FAULT_FAILED;
}

static int open_directory_at(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

/* Made if it is not there: no package, and no tmpfiles, need have been at work. */
static int open_store(const char *root, const char *directory)
{
        _cleanup_free_ char *path = store_path(root, directory, NULL);

        if (g_mkdir_with_parents(path, 0700) < 0)
                return -errno;
        return open_directory_at(AT_FDCWD, path);
}

int store_rename(const char *root, const char *directory, const char *from, const char *to,
                 Fault *reterr)
{
        _cleanup_free_ char *path = store_path(root, directory, NULL);
        _cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = dir < 0 ? -errno : 0;

        if (r >= 0 && renameat2(dir, from, dir, to, RENAME_NOREPLACE) < 0)
                r = -errno;
        if (r == -ENOENT || r == -EEXIST)
                return 0;
        if (r >= 0 && fsync(dir) < 0)
                r = -errno;
        return r < 0 ? fault_set(reterr, store_fault_code(r), r, "Cannot rename %s/%s to %s: %s",
                                 path, from, to, strerror(-r))
                     : 0;
}

/* ---- trash ---- */

static uint64_t unique_number(void)
{
        uint64_t n = 0;

        if (getrandom(&n, sizeof(n), GRND_NONBLOCK) < 0)
                n = now_usec(CLOCK_BOOTTIME);
        return n;
}

static int move_away(const char *from, const char *to, Fault *reterr)
{
        struct stat st;

        if (lstat(from, &st) < 0 && errno == ENOENT)
                return 0; /* rename(2) would complain of a read-only file system first */
        if (rename(from, to) == 0)
                return 1;
        if (errno == ENOENT)
                return 0;
        return fault_set(reterr, store_fault_code(-errno), errno, "Cannot move %s to %s: %s", from,
                         to, strerror(errno));
}

int store_trash(const char *root, const char *directory, const char *name, Fault *reterr)
{
        _cleanup_free_ char *from = store_path(root, directory, name);
        _cleanup_free_ char *trash = store_path(root, LODGE_STORE_TRASH, NULL), *to = NULL;

        /* an image's name may be as long as a file's */
        to = g_strdup_printf("%s/%.200s.%016" PRIx64, trash, name, unique_number());
        (void)g_mkdir_with_parents(trash, 0700); /* rename tells */
        return move_away(from, to, reterr);
}

int store_trash_foreign(const char *root, const char *file, Fault *reterr)
{
        _cleanup_free_ char *from = store_path(root, LODGE_MACHINED_IMAGES, file), *to = NULL;

        /* not into our trash: that may be another file system, and is another mount for lodged */
        to = g_strdup_printf("%s%s/" LODGE_FOREIGN_TRASH_PREFIX "%.200s.%016" PRIx64, root,
                             LODGE_MACHINED_IMAGES, file, unique_number());
        return move_away(from, to, reterr);
}

bool store_trash_is_empty(const char *root)
{
        _cleanup_free_ char *trash = store_path(root, LODGE_STORE_TRASH, NULL);
        _cleanup_closedir_ DIR *dir = opendir(trash);

        for (struct dirent *e; dir && (e = readdir(dir));)
                if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
                        return false;
        return true;
}

void store_sweep_temporary(const char *root, const char *directory)
{
        _cleanup_free_ char *path = store_path(root, directory, NULL);
        _cleanup_closedir_ DIR *dir = opendir(path);

        for (struct dirent *e; dir && (e = readdir(dir));)
                if (g_str_has_prefix(e->d_name, STORE_TEMPORARY)) /* what stays is found later */
                        (void)store_trash(root, directory, e->d_name, NULL);
}

void store_delete_temporary(const char *root, const char *directory)
{
        _cleanup_free_ char *path = store_path(root, directory, NULL);
        _cleanup_closedir_ DIR *dir = opendir(path);

        for (struct dirent *e; dir && (e = readdir(dir));)
                if (g_str_has_prefix(e->d_name, STORE_TEMPORARY))
                        (void)unlinkat(dirfd(dir), e->d_name, 0);
}

/* ---- layers and blobs ---- */

static char **list_digests(const char *root, const char *directory)
{
        _cleanup_free_ char *path = store_path(root, directory, NULL);
        GPtrArray *digests = g_ptr_array_new();
        _cleanup_closedir_ DIR *dir = opendir(path);

        for (struct dirent *e; dir && (e = readdir(dir));) {
                char *digest = digest_from_file_name(e->d_name);

                if (digest)
                        g_ptr_array_add(digests, digest);
        }
        g_ptr_array_add(digests, NULL);
        return (char **)g_ptr_array_free(digests, FALSE);
}

char **store_layers(const char *root)
{
        return list_digests(root, LODGE_STORE_LAYERS);
}

char **store_blobs(const char *root)
{
        return list_digests(root, LODGE_STORE_BLOBS);
}

bool store_has_layer(const char *root, const char *digest)
{
        _cleanup_free_ char *file = digest_file_name(digest);
        _cleanup_free_ char *path = file ? store_path(root, LODGE_STORE_LAYERS, file) : NULL;
        struct stat st;

        return path && lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool store_layer_is_opaque(const char *root, const char *digest)
{
        _cleanup_free_ char *file = digest_file_name(digest);
        _cleanup_free_ char *path = file ? store_path(root, LODGE_STORE_LAYERS, file) : NULL;
        _cleanup_free_ char *mark = path ? g_strconcat(path, "/" LODGE_LAYER_OPAQUE, NULL) : NULL;

        return mark && access(mark, F_OK) == 0;
}

uint64_t store_layer_size(const char *root, const char *digest)
{
        _cleanup_free_ char *file = digest_file_name(digest);
        _cleanup_free_ char *path = file ? store_path(root, LODGE_STORE_LAYERS, file) : NULL;
        _cleanup_free_ char *full = path ? g_strconcat(path, "/" LODGE_LAYER_SIZE, NULL) : NULL;
        _cleanup_free_ char *text = NULL;
        uint64_t bytes = 0;

        if (full && read_file_at(AT_FDCWD, full, 64, &text, NULL) >= 0)
                (void)parse_u64(g_strstrip(text), UINT64_MAX, &bytes); /* 0 where it is none */
        return bytes;
}

int store_read_blob(const char *root, const char *digest, GBytes **ret, Fault *reterr)
{
        _cleanup_free_ char *file = digest_file_name(digest);
        _cleanup_free_ char *path = file ? store_path(root, LODGE_STORE_BLOBS, file) : NULL;
        char *data = NULL;
        size_t n = 0;
        int r = path ? read_file_at(AT_FDCWD, path, BLOB_SIZE_MAX, &data, &n) : -ENOENT;

        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r, "Cannot read %s: %s", path ?: "a blob",
                                 strerror(-r));
        *ret = g_bytes_new_with_free_func(data, n, free, data);
        return 0;
}

/* ---- from a job into place ---- */

/* A job's worker may be in the hands of whoever made the image: no link of it is followed, and what
 * is moved is looked at both before and after. */
typedef struct Move {
        int from, to; /* directories */
        const char *entry, *name;
        unsigned type;
} Move;

static int check_entry(int dirfd, const char *name, unsigned type, struct stat *ret)
{
        if (fstatat(dirfd, name, ret, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return (ret->st_mode & S_IFMT) == type ? 0 : -EBADMSG;
}

static int move_entry(const Move *m)
{
        struct stat before, after;
        int r = check_entry(m->from, m->entry, m->type, &before);

        if (r < 0)
                return r;
        if (renameat2(m->from, m->entry, m->to, m->name, RENAME_NOREPLACE) < 0)
                return -errno;
        r = check_entry(m->to, m->name, m->type, &after);
        if (r >= 0 && before.st_ino == after.st_ino && before.st_dev == after.st_dev)
                return fsync(m->to) < 0 ? -errno : 0;
        (void)renameat(m->to, m->name, m->from, m->entry); /* out of sight again */
        return -EBADMSG;
}

/* incoming/JOB/SUBDIRECTORY; NULL: of the job itself */
static int open_incoming(const char *root, const char *job, const char *subdirectory)
{
        _cleanup_close_ int all = open_store(root, LODGE_STORE_INCOMING);
        _cleanup_close_ int own = all < 0 ? all : open_directory_at(all, job);

        if (own < 0 || !subdirectory)
                return own < 0 ? own : TAKE_FD(own);
        return open_directory_at(own, subdirectory);
}

static int take(const char *root, const char *job, const char *subdirectory, const char *directory,
                const Move *what)
{
        _cleanup_close_ int from = open_incoming(root, job, subdirectory);
        _cleanup_close_ int to = from < 0 ? from : open_store(root, directory);
        Move m = *what;

        if (from < 0 || to < 0)
                return from < 0 ? from : to;
        m.from = from;
        m.to = to;
        return move_entry(&m);
}

static int cannot_take(const char *what, const char *name, int r, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(name ?: "", 100);

        if (r == -EBADMSG)
                return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                 "The worker has made something else than the %s '%s'", what,
                                 shown ?: "");
        return fault_set(reterr, store_fault_code(r), r,
                         "Cannot move the %s '%s' into the store: %s", what, shown ?: "",
                         strerror(-r));
}

static int check_layer(const char *root, const char *job, const char *name)
{
        _cleanup_close_ int all = open_incoming(root, job, "layers");
        _cleanup_close_ int layer = all < 0 ? all : open_directory_at(all, name);
        struct stat st;

        if (layer < 0)
                return layer == -ENOTDIR || layer == -ELOOP ? -EBADMSG : layer;
        int r = check_entry(layer, LODGE_LAYER_TREE, S_IFDIR, &st);
        /* guests pass through it, and it belongs to the uid that the worker had */
        if (r >= 0 && fchmod(layer, 0755) < 0)
                r = -errno;
        return r < 0 ? r : check_entry(layer, LODGE_LAYER_MAP, S_IFREG, &st);
}

int store_take_layer(const char *root, const char *job, const char *digest, Fault *reterr)
{
        _cleanup_free_ char *name = digest_file_name(digest);
        Move m = {.entry = name, .name = name, .type = S_IFDIR};

        if (!name)
                return cannot_take("layer", digest, -EBADMSG, reterr);
        if (store_has_layer(root, digest))
                return 0;
        int r = check_layer(root, job, name);
        r = r < 0 ? r : take(root, job, "layers", LODGE_STORE_LAYERS, &m);
        return r < 0 && r != -EEXIST ? cannot_take("layer", digest, r, reterr) : 0;
}

int store_take_blob(const char *root, const char *job, const char *digest, Fault *reterr)
{
        _cleanup_free_ char *name = digest_file_name(digest);
        _cleanup_free_ char *there = name ? store_path(root, LODGE_STORE_BLOBS, name) : NULL;
        Move m = {.entry = name, .name = name, .type = S_IFREG};
        struct stat st;

        if (!name)
                return cannot_take("blob", digest, -EBADMSG, reterr);
        if (lstat(there, &st) == 0)
                return 0;
        int r = take(root, job, "blobs", LODGE_STORE_BLOBS, &m);
        return r < 0 && r != -EEXIST ? cannot_take("blob", digest, r, reterr) : 0;
}

int store_take_entry(const char *root, const char *job, const char *entry, unsigned type,
                     const char *directory, const char *name, Fault *reterr)
{
        Move m = {.entry = entry, .name = name, .type = type};
        int r = take(root, job, NULL, directory, &m);

        if (r == -EEXIST)
                return fault_set(reterr, FAULT_EXISTS, EEXIST, "There is a '%s' in %s already",
                                 name, directory);
        return r < 0 && r != -ENOENT ? cannot_take("image", name, r, reterr) : r;
}

int store_make_incoming(const char *root, const char *job, Fault *reterr)
{
        _cleanup_close_ int all = open_store(root, LODGE_STORE_INCOMING);
        _cleanup_close_ int layers = open_store(root, LODGE_STORE_LAYERS);
        int r = all < 0 || layers < 0 ? MIN2(all, layers) : 0;

        if (r >= 0 && mkdirat(all, job, 0700) < 0)
                r = -errno;

        return r < 0 ? fault_set(reterr, store_fault_code(r), r,
                                 "Cannot make a directory in %s for the job: %s",
                                 LODGE_STORE_INCOMING, strerror(-r))
                     : 0;
}
