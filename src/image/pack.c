/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/pack.h"

#include "base/text.h"
#include "image/first-name.h"
#include "image/layer-internal.h"
#include "image/merged.h"
#include "image/pack-entry.h"
#include "image/tar-write.h"
#include "image/whiteout.h"

#include <fcntl.h>
#include <string.h>

#define BUFFER_SIZE (256U << 10)

typedef struct Packer {
        LayerPackMode mode;
        const char *const *left_out;
        LayerControl *control;
        TarWriter *writer;
        FirstNames names;
        uint8_t *buffer;
        unsigned depth;
        Fault *reterr;
} Packer;

/* One name of a directory. */
typedef struct Item {
        int dirfd;
        const char *name;
        const char *path;
        const struct stat *st;
} Item;

static int cannot_read(Packer *p, const char *path, int error)
{
        return tar_fault(p->reterr, error, path, "cannot be read: %s", strerror(error));
}

static int changed(Packer *p, const char *path)
{
        return tar_fault(p->reterr, ESTALE, path, "changed while it was read");
}

static int write_range(Packer *p, const Item *item, int fd, uint64_t at, uint64_t n)
{
        while (n > 0) {
                ssize_t k =
                        pread(fd, p->buffer, n < BUFFER_SIZE ? (size_t)n : BUFFER_SIZE, (off_t)at);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return cannot_read(p, item->path, errno);
                if (k == 0)
                        return changed(p, item->path);
                int r = stream_cancelled(p->control, p->reterr);
                if (r >= 0)
                        r = tar_writer_data(p->writer, p->buffer, (size_t)k, p->reterr);
                if (r < 0)
                        return r;
                at += (uint64_t)k;
                n -= (uint64_t)k;
        }
        return 0;
}

static int write_data(Packer *p, const Item *item, const TarEntry *e, int fd)
{
        struct stat st;
        int r = 0;

        if (!e->sparse)
                r = write_range(p, item, fd, 0, e->size);
        for (size_t i = 0; r >= 0 && e->sparse && i < e->n_extents; i++)
                r = write_range(p, item, fd, e->extents[i].offset, e->extents[i].n);
        if (r >= 0 && (fstat(fd, &st) < 0 || (uint64_t)st.st_size != e->size))
                return changed(p, item->path);
        return r;
}

static int write_file(Packer *p, const Item *item, TarEntry *e)
{
        struct stat st;
        _cleanup_close_ int fd = merged_open(item->dirfd, item->name, O_RDONLY);

        if (fd == -EXDEV) /* something is mounted on it */
                return 0;
        if (fd < 0)
                return cannot_read(p, item->path, -fd);
        if (fstat(fd, &st) < 0 || st.st_ino != item->st->st_ino || !S_ISREG(st.st_mode))
                return changed(p, item->path);
        e->size = (uint64_t)st.st_size;
        int r = pack_entry_xattrs(e, fd);
        if (r >= 0)
                r = pack_entry_extents(e, fd, &st);
        if (r < 0)
                return cannot_read(p, item->path, -r);
        r = tar_writer_entry(p->writer, e, p->reterr);
        return r < 0 ? r : write_data(p, item, e, fd);
}

/* A whiteout or opaque mark, by its name in the directory of @path. */
static int write_mark(Packer *p, const char *directory, const char *mark, const char *name)
{
        _cleanup_free_ char *path = NULL;
        TarEntry e = {.type = TAR_REGULAR, .mode = 0600};

        if (asprintf(&path, "%s%s%s%s", directory, *directory ? "/" : "", mark, name) < 0)
                return fault_set(p->reterr, FAULT_FAILED, ENOMEM, "out of memory");
        e.path = path;
        return tar_writer_entry(p->writer, &e, p->reterr);
}

static int write_children(Packer *p, const MergedDir *d, const char *path);

/* @d the directory itself */
static int write_directory(Packer *p, const MergedDir *d, const Item *item, TarEntry *e)
{
        int r = d->n > 0 ? pack_entry_xattrs(e, d->fds[0]) : 0;

        if (r == -EOPNOTSUPP)
                return tar_fault(p->reterr, EOPNOTSUPP, item->path,
                                 "was moved by overlayfs: it is only in part here");
        if (r < 0)
                return cannot_read(p, item->path, -r);
        r = tar_writer_entry(p->writer, e, p->reterr);
        if (r >= 0 && p->mode == LAYER_PACK_UPPER && d->n > 0) {
                r = merged_is_opaque(d->fds[0]);
                if (r < 0)
                        return cannot_read(p, item->path, -r);
                if (r > 0)
                        r = write_mark(p, item->path, WHITEOUT_OPAQUE, "");
        }
        if (r < 0)
                return r;
        if (++p->depth > TAR_DEPTH_MAX)
                return tar_fault(p->reterr, ENAMETOOLONG, item->path,
                                 "lies deeper than %u directories", TAR_DEPTH_MAX);
        r = write_children(p, d, item->path);
        p->depth--;
        return r;
}

static int write_item(Packer *p, const MergedDir *d, const Item *item, size_t tree)
{
        _cleanup_tar_entry_ TarEntry e = {.path = strdup(item->path)};
        _cleanup_merged_ MergedDir child = {0};
        const char *first;

        if (pack_entry_stat(&e, item->st) < 0) /* a socket: nothing without its process */
                return 0;
        int r = e.path ? first_name(&p->names, item->st, item->path, &first) : -ENOMEM;
        if (r < 0)
                return cannot_read(p, item->path, -r);
        if (first) {
                e.type = TAR_HARDLINK;
                e.size = 0;
                e.link = strdup(first);
                return e.link ? tar_writer_entry(p->writer, &e, p->reterr)
                              : cannot_read(p, item->path, ENOMEM);
        }
        switch (e.type) {
        case TAR_DIRECTORY:
                r = merged_enter(d, item->name, tree, &child);
                return r < 0 ? cannot_read(p, item->path, -r)
                             : write_directory(p, &child, item, &e);
        case TAR_REGULAR: return write_file(p, item, &e);
        case TAR_SYMLINK:
                r = pack_entry_link(&e, item->dirfd, item->name);
                if (r < 0)
                        return cannot_read(p, item->path, -r);
                break;
        default: break;
        }
        return tar_writer_entry(p->writer, &e, p->reterr);
}

static bool is_left_out(const Packer *p, const char *path)
{
        STRV_FOREACH (other, p->left_out)
                if (streq(*other + 1, path))
                        return true;
        return false;
}

static int write_name(Packer *p, const MergedDir *d, const char *directory, const char *name)
{
        _cleanup_free_ char *path = NULL;
        struct stat st;
        size_t tree;

        int r = stream_cancelled(p->control, p->reterr);
        if (r < 0)
                return r;
        if (asprintf(&path, "%s%s%s", directory, *directory ? "/" : "", name) < 0)
                return fault_set(p->reterr, FAULT_FAILED, ENOMEM, "out of memory");
        if (is_left_out(p, path))
                return 0;
        r = merged_find(d, name, &st, &tree);
        if (r < 0)
                return cannot_read(p, path, -r);
        if (r == 0)
                return whiteout_is(&st) && p->mode == LAYER_PACK_UPPER
                               ? write_mark(p, directory, WHITEOUT_PREFIX, name)
                               : 0;
        /* such a name would mean something else in the archive */
        if (strncmp(name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0)
                return tar_fault(p->reterr, EINVAL, path,
                                 "has a name that means a deletion in an image");
        const Item item = {.dirfd = d->fds[tree], .name = name, .path = path, .st = &st};
        return write_item(p, d, &item, tree);
}

static int write_children(Packer *p, const MergedDir *d, const char *path)
{
        _cleanup_strv_free_ char **names = NULL;
        ssize_t n = merged_names(d, &names);

        if (n < 0)
                return cannot_read(p, path, (int)-n);
        STRV_FOREACH (name, names) {
                int r = write_name(p, d, path, *name);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int write_root(Packer *p, const LayerPackArgs *args)
{
        _cleanup_merged_ MergedDir root = {0};
        _cleanup_tar_entry_ TarEntry e = {.path = strdup("")};
        const Item item = {.path = ""};
        struct stat st;
        int r = e.path ? merged_root(args->trees, args->n_trees, &root) : -ENOMEM;

        if (r >= 0 && (root.n == 0 || fstat(root.fds[0], &st) < 0))
                r = root.n == 0 ? -EINVAL : -errno;
        if (r < 0)
                return cannot_read(p, "/", -r);
        (void)pack_entry_stat(&e, &st); /* a directory */
        r = write_directory(p, &root, &item, &e);
        return r < 0 ? r : tar_writer_end(p->writer, p->reterr);
}

int layer_pack(const LayerPackArgs *args, const ByteSink *out, Fault *reterr)
{
        _cleanup_tar_writer_ TarWriter *writer = NULL;
        _cleanup_free_ uint8_t *buffer = malloc(BUFFER_SIZE);
        Packer p = {
                .mode = args->mode,
                .left_out = args->left_out,
                .control = args->control,
                .buffer = buffer,
                .reterr = reterr,
        };

        if (!buffer || tar_writer_new(out, &writer) < 0)
                return fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        p.writer = writer;
        int r = write_root(&p, args);
        first_names_done(&p.names);
        return r;
}

static int produce(void *userdata, const ByteSink *out, Fault *reterr)
{
        return layer_pack(userdata, out, reterr);
}

int layer_build(const LayerPackArgs *args, const LayerUnpackArgs *to, LayerResult *ret,
                Fault *reterr)
{
        LayerPackArgs copy = *args;
        const Producer producer = {.run = produce, .userdata = &copy};
        LayerResult result = {0};

        copy.control = to->control;
        int r = layer_write(to, &producer, &result, reterr);
        if (r < 0)
                return r;
        /* not compressed: the archive is the blob */
        memcpy(result.digest, result.diff_id, sizeof(result.digest));
        result.n_in = result.n_tar;
        *ret = result;
        return 0;
}
