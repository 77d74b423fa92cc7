/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "copy/copy-pack.h"

#include "base/text.h"
#include "image/first-name.h"
#include "image/pack-entry.h"
#include "image/tar-write.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define BUFFER_SIZE (256U << 10)

typedef struct Packer {
        const CopyPackArgs *args;
        CopyResult *result;
        TarWriter *writer;
        FirstNames names;
        uint8_t *buffer;
        char path[TAR_PATH_MAX + 1]; /* of the entry at hand; grows and shrinks with the depth */
        size_t n_path;
        unsigned depth;
        Fault *reterr;
} Packer;

/* One name of a directory. */
typedef struct Item {
        int dirfd;
        const char *name;
        struct stat st;
        dev_t above; /* of the directory that it is in */
} Item;

static const char *shown(const Packer *p)
{
        return p->depth == 0 ? p->args->shown : p->path;
}

static int cannot_read(const Packer *p, int error)
{
        return copy_fault(p->reterr, error, shown(p), "cannot be read: %s", strerror(error));
}

/* What was asked for must be there; what is below may come and go. */
static int is_gone(Packer *p, int error)
{
        if (p->depth == 0 || (error != ENOENT && error != ELOOP && error != ENOTDIR &&
                              error != ENXIO && error != ESTALE))
                return cannot_read(p, error);
        p->result->n_changed++;
        return 0;
}

/* Their files have no size, or no end, and say nothing elsewhere. */
static bool is_of_kernel(int fd)
{
        static const unsigned long types[] = {
                PROC_SUPER_MAGIC,
                SYSFS_MAGIC,
                CGROUP_SUPER_MAGIC,
                CGROUP2_SUPER_MAGIC,
                DEVPTS_SUPER_MAGIC,
                SECURITYFS_MAGIC,
                DEBUGFS_MAGIC,
                TRACEFS_MAGIC,
                BPF_FS_MAGIC,
                PSTOREFS_MAGIC,
                EFIVARFS_MAGIC,
                SELINUX_MAGIC,
                BINFMTFS_MAGIC,
                NSFS_MAGIC,
                0x19800202 /* mqueue */,
                0x62656570 /* configfs */,
        };
        struct statfs st;

        if (fstatfs(fd, &st) < 0)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if ((unsigned long)st.f_type == types[i])
                        return true;
        return false;
}

static int refuse_kernel(const Packer *p)
{
        return copy_fault(p->reterr, EOPNOTSUPP, shown(p),
                          "lies in a file system of the kernel, whose files are no files to copy; "
                          "read it with a program inside");
}

/* ---- the data of files ---- */

static int write_data(Packer *p, const void *data, size_t n)
{
        int r = stream_cancelled(p->args->control, p->reterr);

        if (r >= 0)
                r = tar_writer_data(p->writer, data, n, p->reterr);
        if (r >= 0 && p->args->control)
                atomic_fetch_add_explicit(&p->args->control->n_out, n, memory_order_relaxed);
        return r;
}

/* The header has promised so many bytes. */
static int write_zeros(Packer *p, uint64_t n)
{
        int r = 0;

        memset(p->buffer, 0, BUFFER_SIZE);
        while (r >= 0 && n > 0) {
                size_t part = MIN2(n, (uint64_t)BUFFER_SIZE);

                r = write_data(p, p->buffer, part);
                n -= part;
        }
        return r;
}

/* Return: 1 it was shorter; 0; negative errno. */
static int write_range(Packer *p, int fd, uint64_t at, uint64_t n)
{
        while (n > 0) {
                size_t most = MIN2(n, (uint64_t)BUFFER_SIZE);
                ssize_t k = pread(fd, p->buffer, most, (off_t)at);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return cannot_read(p, errno);
                int r = k == 0 ? write_zeros(p, n) : write_data(p, p->buffer, (size_t)k);
                if (r < 0 || k == 0)
                        return r < 0 ? r : 1;
                at += (uint64_t)k;
                n -= (uint64_t)k;
        }
        return 0;
}

static int write_content(Packer *p, const TarEntry *e, int fd)
{
        int r = 0;
        bool is_short = false;

        if (!e->sparse) {
                r = write_range(p, fd, 0, e->size);
                is_short = r > 0;
        }
        for (size_t i = 0; r >= 0 && e->sparse && i < e->n_extents; i++) {
                r = write_range(p, fd, e->extents[i].offset, e->extents[i].n);
                is_short = is_short || r > 0;
        }
        p->result->n_changed += is_short;
        return r < 0 ? r : 0;
}

/* ---- entries ---- */

static int add_attributes(Packer *p, TarEntry *e, int fd)
{
        int r = pack_entry_xattrs(e, fd);

        if (r == -ENODATA || r == -ERANGE) { /* one went, or grew, meanwhile */
                p->result->n_changed++;
                return 0;
        }
        return r < 0 ? cannot_read(p, -r) : 0;
}

static int add_extents(Packer *p, TarEntry *e, int fd, const struct stat *st)
{
        int r = pack_entry_extents(e, fd, st);

        if (r == -E2BIG || r == -EINVAL) { /* too many, or they moved: as one piece, then */
                e->n_extents = 0;
                e->sparse = false;
                return 0;
        }
        return r < 0 ? cannot_read(p, -r) : 0;
}

static int write_entry(Packer *p, const TarEntry *e)
{
        int r = stream_cancelled(p->args->control, p->reterr);

        p->result->n_entries++;
        return r < 0 ? r : tar_writer_entry(p->writer, e, p->reterr);
}

static int write_hard_link(Packer *p, TarEntry *e, const char *first)
{
        e->type = TAR_HARDLINK;
        e->size = 0;
        e->link = strdup(first);
        return e->link ? write_entry(p, e) : -ENOMEM;
}

static int write_file(Packer *p, const Item *item, TarEntry *e)
{
        const char *first;
        struct stat st;
        /* whoever puts a FIFO in its place does not make us wait */
        _cleanup_close_ int fd = openat(item->dirfd, item->name,
                                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

        if (fd < 0)
                return is_gone(p, errno);
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return is_gone(p, ESTALE);
        if (st.st_dev != item->above && is_of_kernel(fd))
                return p->depth == 0 ? refuse_kernel(p) : 0;
        (void)pack_entry_stat(e, &st); /* the file that is open counts */
        int r = first_name(&p->names, &st, p->path, &first);
        if (r < 0 || first)
                return r < 0 ? cannot_read(p, -r) : write_hard_link(p, e, first);
        r = add_attributes(p, e, fd);
        if (r >= 0)
                r = add_extents(p, e, fd, &st);
        if (r >= 0)
                r = write_entry(p, e);
        return r < 0 ? r : write_content(p, e, fd);
}

static int write_item(Packer *p, Item *item);

/* Append "/NAME" to the path. Return: the length before; -ENAMETOOLONG with the fault set. */
static ssize_t push_name(Packer *p, const char *name)
{
        size_t n = p->n_path, k = strlen(name);

        if (n + 1 + k > TAR_PATH_MAX)
                return copy_fault(p->reterr, ENAMETOOLONG, p->path,
                                  "has a file whose path is longer than %u bytes", TAR_PATH_MAX);
        if (n > 0)
                p->path[p->n_path++] = '/';
        memcpy(p->path + p->n_path, name, k + 1);
        p->n_path += k;
        return (ssize_t)n;
}

static int write_children(Packer *p, int fd, dev_t device)
{
        _cleanup_closedir_ DIR *d = NULL;
        int own = fcntl(fd, F_DUPFD_CLOEXEC, 3), r = 0;

        d = own < 0 ? NULL : fdopendir(own);
        if (!d) {
                (void)close_fd(own);
                return cannot_read(p, errno);
        }
        p->depth++;
        for (struct dirent *entry; r >= 0 && (errno = 0, entry = readdir(d));) {
                Item item = {.dirfd = fd, .name = entry->d_name, .above = device};

                if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                        continue;
                ssize_t n = push_name(p, entry->d_name);
                if (n < 0)
                        return (int)n;
                r = write_item(p, &item);
                p->n_path = (size_t)n;
                p->path[n] = '\0';
        }
        p->depth--;
        return r < 0 || errno == 0 ? r : cannot_read(p, errno);
}

static int write_directory(Packer *p, const Item *item, TarEntry *e)
{
        struct stat st;
        _cleanup_close_ int fd =
                openat(item->dirfd, item->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0)
                return is_gone(p, errno);
        if (fstat(fd, &st) < 0)
                return cannot_read(p, errno);
        (void)pack_entry_stat(e, &st);
        bool is_kernels = st.st_dev != item->above && is_of_kernel(fd);
        if (is_kernels && p->depth == 0)
                return refuse_kernel(p);
        if (p->depth >= TAR_DEPTH_MAX)
                return copy_fault(p->reterr, ENAMETOOLONG, p->path,
                                  "lies deeper than %u directories", TAR_DEPTH_MAX);
        int r = is_kernels ? 0 : add_attributes(p, e, fd);
        if (r >= 0)
                r = write_entry(p, e);
        return r < 0 || is_kernels ? r : write_children(p, fd, st.st_dev);
}

static int write_other(Packer *p, const Item *item, TarEntry *e)
{
        if (e->type == TAR_SYMLINK) {
                int r = pack_entry_link(e, item->dirfd, item->name);
                if (r < 0)
                        return r == -EINVAL ? is_gone(p, ENOENT) : is_gone(p, -r);
        }
        return write_entry(p, e);
}

static int write_item(Packer *p, Item *item)
{
        _cleanup_tar_entry_ TarEntry e = {0};
        bool is_top = p->depth == 0;

        if (fstatat(item->dirfd, item->name, &item->st, AT_SYMLINK_NOFOLLOW) < 0)
                return is_gone(p, errno);
        int r = pack_entry_stat(&e, &item->st);
        if (r < 0 || e.type == TAR_CHAR || e.type == TAR_BLOCK) {
                p->result->n_left_out++;
                return is_top ? copy_fault(p->reterr, EOPNOTSUPP, shown(p),
                                           "is a %s, which is not copied",
                                           r < 0 ? "socket" : "device")
                              : 0;
        }
        e.path = strdup(p->path);
        if (!e.path)
                return cannot_read(p, ENOMEM);
        switch (e.type) {
        case TAR_REGULAR: return write_file(p, item, &e);
        case TAR_DIRECTORY: return write_directory(p, item, &e);
        default: return write_other(p, item, &e);
        }
}

static int pack(Packer *p)
{
        Item item = {.dirfd = p->args->place.dirfd, .name = p->args->place.name};
        int r = 0;

        if (push_name(p, p->args->top) < 0)
                return -ENAMETOOLONG;
        if (*p->args->top == '\0' || p->args->place.wants_directory) {
                struct stat st;

                if (fstatat(item.dirfd, item.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        return cannot_read(p, errno);
                if (!S_ISDIR(st.st_mode))
                        return cannot_read(p, ENOTDIR);
        }
        r = write_item(p, &item);
        return r < 0 ? r : tar_writer_end(p->writer, p->reterr);
}

int copy_pack(const CopyPackArgs *args, const ByteSink *out, CopyResult *result, Fault *reterr)
{
        _cleanup_tar_writer_ TarWriter *writer = NULL;
        _cleanup_free_ uint8_t *buffer = malloc(BUFFER_SIZE);
        Packer p = {.args = args, .result = result, .buffer = buffer, .reterr = reterr};

        if (!buffer || tar_writer_new(out, &writer) < 0)
                return fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        p.writer = writer;
        int r = pack(&p);
        first_names_done(&p.names);
        return r;
}
