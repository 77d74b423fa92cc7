/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/tree-write.h"

#include "image/tar-payload.h"
#include "image/whiteout.h"
#include "sys/beneath.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define MAJOR_MAX 0xfffU
#define MINOR_MAX 0xfffffU

/* An entry on its way into the tree. */
typedef struct Place {
        const TarEntry *e;
        const char *path; /* clean */
        TreeLevel *parent;
        const char *name;
        bool hidden; /* by a whiteout of this layer, which it replaces */
} Place;

static int cannot_make(const Place *p, int error, Fault *reterr)
{
        return tar_fault(reterr, error, p->e->path, "cannot be made: %s", strerror(error));
}

static int find_parent(TreeWriter *w, Place *p, Fault *reterr)
{
        p->parent = tree_cursor_parent(&w->cursor, p->path, &p->name);
        if (p->parent)
                return 0;
        if (errno == ELOOP || errno == ENOTDIR)
                return tar_fault(reterr, errno, p->e->path,
                                 "lies below something that is no directory");
        return cannot_make(p, errno, reterr);
}

/* @make returns 0, -EEXIST or another errno; what is in the way is removed once */
static int make_in_place(TreeWriter *w, Place *p,
                         int (*make)(TreeWriter *w, const Place *p, void *userdata), void *userdata,
                         Fault *reterr)
{
        int r = make(w, p, userdata);

        if (r == -EEXIST) {
                r = tree_replace(w, p->path, p->parent, p->name, &p->hidden, reterr);
                if (r < 0)
                        return r;
                r = make(w, p, userdata);
        }
        p->parent->touched = true;
        return r;
}

static int make_file(TreeWriter *w, const Place *p, void *userdata)
{
        int *fd = userdata;

        *fd = openat(p->parent->fd, p->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                     0600);
        return *fd < 0 ? -errno : 0;
}

static int write_file(TreeWriter *w, Place *p, Fault *reterr)
{
        _cleanup_close_ int fd = -EBADF;
        uint64_t n = tar_entry_n_payload(p->e);

        if (n > w->n_bytes_max)
                return tar_fault(reterr, EFBIG, p->e->path, "has %llu bytes, %llu is the limit",
                                 (unsigned long long)n, (unsigned long long)w->n_bytes_max);
        int r = make_in_place(w, p, make_file, &fd, reterr);
        if (r < 0)
                return cannot_make(p, -r, reterr);
        r = tar_map_writer_file(w->map, p->path, p->e, reterr);
        if (r >= 0)
                r = tar_payload_write(w->reader, p->e, fd, reterr);
        w->result->n_bytes += n;
        return r < 0 ? r : tree_attributes(w, fd, p->e, p->parent, reterr);
}

static int make_directory(TreeWriter *w, const Place *p, void *userdata)
{
        bool *made = userdata;
        struct stat st;

        if (mkdirat(p->parent->fd, p->name, 0700) >= 0) {
                *made = true;
                return 0;
        }
        if (errno != EEXIST)
                return -errno;
        if (fstatat(p->parent->fd, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return S_ISDIR(st.st_mode) ? 0 : -EEXIST;
}

static int write_directory(TreeWriter *w, Place *p, Fault *reterr)
{
        bool made = false;
        TreeLevel parent = {.fd = -EBADF};
        int r = 0;

        if (*p->path) {
                r = make_in_place(w, p, make_directory, &made, reterr);
                parent = *p->parent; /* moves when the cursor goes deeper */
        }
        if (r < 0)
                return cannot_make(p, -r, reterr);
        TreeLevel *level = tree_cursor_go(&w->cursor, p->path, strlen(p->path));
        if (!level)
                return cannot_make(p, errno, reterr);
        if (p->hidden && (r = whiteout_make_opaque(level->fd)) < 0)
                return cannot_make(p, -r, reterr);
        r = implied_note(&w->implied, p->path, strlen(p->path), false);
        if (r < 0)
                return cannot_make(p, -r, reterr);
        r = tree_attributes(w, level->fd, p->e, made ? &parent : NULL, reterr);
        level->mtime = p->e->mtime;
        level->touched = true;
        level->setgid = p->e->mode & S_ISGID;
        level->default_acl = w->cursor.default_acl; /* perhaps: then there is one to remove */
        return r;
}

static int make_symlink(TreeWriter *w, const Place *p, void *userdata)
{
        return symlinkat(p->e->link, p->parent->fd, p->name) < 0 ? -errno : 0;
}

static int make_node(TreeWriter *w, const Place *p, void *userdata)
{
        mode_t type = p->e->type == TAR_CHAR    ? S_IFCHR
                      : p->e->type == TAR_BLOCK ? S_IFBLK
                                                : S_IFIFO;
        dev_t device = type == S_IFIFO ? 0 : makedev(p->e->major, p->e->minor);

        return mknodat(p->parent->fd, p->name, type | 0600, device) < 0 ? -errno : 0;
}

static int write_node(TreeWriter *w, Place *p, Fault *reterr)
{
        const TarEntry *e = p->e;
        bool is_device = e->type == TAR_CHAR || e->type == TAR_BLOCK;

        if (is_device && (e->major > MAJOR_MAX || e->minor > MINOR_MAX))
                return tar_fault(reterr, EINVAL, e->path, "is a device %u:%u, which cannot be",
                                 e->major, e->minor);
        /* overlayfs would take it for a whiteout, which an archive has to write by name */
        if (e->type == TAR_CHAR && e->major == 0 && e->minor == 0) {
                w->result->n_nodes_dropped++;
                return 0;
        }
        int r = make_in_place(w, p, make_node, NULL, reterr);
        if (r == -EPERM) { /* in a user namespace */
                w->result->n_nodes_dropped++;
                return 0;
        }
        if (r < 0)
                return cannot_make(p, -r, reterr);
        w->result->n_nodes++;
        return tree_attributes_at(w, p->parent, p->name, e, reterr);
}

static int write_symlink(TreeWriter *w, Place *p, Fault *reterr)
{
        int r = make_in_place(w, p, make_symlink, NULL, reterr);

        return r < 0 ? cannot_make(p, -r, reterr)
                     : tree_attributes_at(w, p->parent, p->name, p->e, reterr);
}

/* The file that a hard link names, which this layer must have made. */
typedef struct Target {
        char path[TAR_PATH_MAX + 1];
        int dirfd;
        const char *name;
} Target;

static int make_link(TreeWriter *w, const Place *p, void *userdata)
{
        const Target *t = userdata;

        return linkat(t->dirfd, t->name, p->parent->fd, p->name, 0) < 0 ? -errno : 0;
}

static int no_target(const Place *p, Fault *reterr)
{
        return tar_fault(reterr, ENOENT, p->e->path,
                         "is a hard link to what this layer has not, or not yet");
}

static int write_link(TreeWriter *w, Place *p, Fault *reterr)
{
        Target t;
        struct stat st, there;
        int r = tar_path_clean(p->e->link, t.path, reterr);

        if (r < 0)
                return r;
        _cleanup_close_ int dirfd = r > 0 ? beneath_parent(w->tree, t.path, &t.name) : -EISDIR;
        if (dirfd < 0 || fstatat(dirfd, t.name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            S_ISDIR(st.st_mode) || whiteout_is(&st))
                return no_target(p, reterr);
        t.dirfd = dirfd;
        if (fstatat(p->parent->fd, p->name, &there, AT_SYMLINK_NOFOLLOW) >= 0 &&
            there.st_dev == st.st_dev && there.st_ino == st.st_ino)
                return 0; /* it is that file already */
        r = make_in_place(w, p, make_link, &t, reterr);
        if (r == -ENOENT) /* it lay below what had to be removed */
                return no_target(p, reterr);
        if (r < 0)
                return cannot_make(p, -r, reterr);
        return tar_map_writer_link(w->map, p->path, reterr);
}

/* What lower layers have there is hidden already, by what this layer has in a directory's place:
 * umoci writes a whiteout for each file of a directory that was removed or became a symlink. */
static bool is_hidden(const TreeWriter *w, const char *path)
{
        const char *name;
        _cleanup_close_ int fd = beneath_parent(w->tree, path, &name);

        return fd == -ENOTDIR || fd == -ELOOP;
}

static int cannot_hide(const Place *p, int error, Fault *reterr)
{
        if (error == EOPNOTSUPP)
                return tar_fault(
                        reterr, error, p->e->path,
                        "hides a directory: that needs user.* attributes, which this file system does not have");
        return cannot_make(p, error, reterr);
}

static int write_whiteout(TreeWriter *w, Place *p, WhiteoutKind kind, const char *name,
                          Fault *reterr)
{
        int r = kind == WHITEOUT_DIR ? whiteout_make_opaque(p->parent->fd)
                                     : whiteout_make(p->parent->fd, name);

        if (r < 0)
                return cannot_hide(p, -r, reterr);
        if (kind == WHITEOUT_DIR && !strchr(p->path, '/'))
                w->result->opaque_root = true;
        p->parent->touched = p->parent->touched || kind == WHITEOUT_NAME;
        w->result->n_whiteouts++;
        return 0;
}

static int write_entry(TreeWriter *w, const TarEntry *e, Fault *reterr)
{
        static int (*const writers[_TAR_TYPE_MAX])(TreeWriter * w, Place * p, Fault * reterr) = {
                [TAR_REGULAR] = write_file,        [TAR_HARDLINK] = write_link,
                [TAR_SYMLINK] = write_symlink,     [TAR_CHAR] = write_node,
                [TAR_BLOCK] = write_node,          [TAR_FIFO] = write_node,
                [TAR_DIRECTORY] = write_directory,
        };
        char path[TAR_PATH_MAX + 1];
        const char *hides;
        Place p = {.e = e, .path = path};

        int r = tar_path_clean(e->path, path, reterr);
        if (r < 0)
                return r;
        if (r == 0)
                return e->type == TAR_DIRECTORY
                               ? write_directory(w, &p, reterr)
                               : tar_fault(reterr, EINVAL, e->path,
                                           "takes the place of the root, which is a directory");
        int kind = whiteout_kind(path, &hides, reterr);
        if (kind < 0 || kind == WHITEOUT_OTHER)
                return MIN2(kind, 0);
        if (kind == WHITEOUT_NONE && (e->uid > LAYER_ID_MAX || e->gid > LAYER_ID_MAX))
                return tar_fault(reterr, EOVERFLOW, e->path,
                                 "belongs to %llu:%llu; ids of a machine end at %u",
                                 (unsigned long long)e->uid, (unsigned long long)e->gid,
                                 LAYER_ID_MAX);
        if (kind == WHITEOUT_NAME && is_hidden(w, path))
                return 0;
        r = find_parent(w, &p, reterr);
        if (r < 0)
                return r;
        if (kind != WHITEOUT_NONE)
                return write_whiteout(w, &p, (WhiteoutKind)kind, hides, reterr);
        return writers[e->type](w, &p, reterr);
}

static int write_entries(TreeWriter *w, LayerControl *control, Fault *reterr)
{
        const TarEntry *e;
        int r;

        while ((r = tar_reader_next(w->reader, &e, reterr)) > 0) {
                if (++w->result->n_entries > w->n_entries_max)
                        return fault_set(reterr, FAULT_FAILED, EFBIG,
                                         "the archive has more than %llu entries",
                                         (unsigned long long)w->n_entries_max);
                r = stream_cancelled(control, reterr);
                if (r >= 0)
                        r = write_entry(w, e, reterr);
                if (r < 0)
                        return r;
        }
        return r;
}

static int map_raw(void *userdata, const uint8_t *data, size_t n, Fault *reterr)
{
        return tar_map_writer_raw(userdata, data, n, reterr);
}

static int on_made(void *userdata, const char *path, size_t n)
{
        return implied_note(userdata, path, n, true);
}

/* The root until the archive says something else. */
static int make_root(int dirfd, Fault *reterr)
{
        int fd = mkdirat(dirfd, LAYER_TREE, 0755) < 0
                         ? -1
                         : openat(dirfd, LAYER_TREE,
                                  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0 || fchown(fd, 0, 0) < 0 || fchmod(fd, 0755) < 0) {
                int r = stream_fault(reterr, errno, "cannot make " LAYER_TREE);
                (void)close_fd(fd);
                return r;
        }
        return fd;
}

int tree_write(const LayerUnpackArgs *args, const ByteSource *tar, LayerResult *result,
               Fault *reterr)
{
        _cleanup_close_ int tree = make_root(args->dirfd, reterr), map_fd = -EBADF;
        _cleanup_tar_map_writer_ TarMapWriter *map = NULL;
        _cleanup_tar_reader_ TarReader *reader = NULL;
        TreeWriter w = {
                .tree = tree,
                .result = result,
                .n_bytes_max = args->n_bytes_max ? args->n_bytes_max : LAYER_BYTES_MAX,
                .n_entries_max = args->n_entries_max ? args->n_entries_max : LAYER_ENTRIES_MAX,
                .implied = {.dirfd = args->dirfd, .fd = -EBADF},
                .uid = geteuid(),
                .gid = getegid(),
        };

        if (tree < 0)
                return tree;
        map_fd = openat(args->dirfd, LAYER_MAP, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (map_fd < 0)
                return stream_fault(reterr, errno, "cannot make " LAYER_MAP);
        int r = tar_map_writer_new(map_fd, args->dirfd, &map);
        const TarTap tap = {.raw = map_raw, .userdata = map};
        if (r >= 0)
                r = tar_reader_new(tar, &tap, &reader);
        if (r >= 0)
                r = tree_cursor_init(&w.cursor, tree, true);
        if (r < 0)
                return stream_fault(reterr, r, "cannot unpack");
        w.reader = reader;
        w.map = map;
        w.cursor.on_made = on_made;
        w.cursor.userdata = &w.implied;
        w.cursor.levels[0].mtime = (struct timespec){0};
        w.cursor.levels[0].touched = true;
        r = write_entries(&w, args->control, reterr);
        int k = tree_cursor_done(&w.cursor);
        if (r >= 0 && k < 0)
                r = stream_fault(reterr, k, "cannot set the time of a directory");
        k = implied_end(&w.implied);
        if (r >= 0 && k < 0)
                r = stream_fault(reterr, k, "cannot write " LAYER_IMPLIED);
        return r < 0 ? r : tar_map_writer_end(map, reterr);
}
