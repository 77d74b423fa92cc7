/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/pack-entry.h"

#include "image/whiteout.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define BLOCK_OF_STAT 512

int pack_entry_stat(TarEntry *e, const struct stat *st)
{
        e->mode = st->st_mode & 07777;
        e->uid = st->st_uid;
        e->gid = st->st_gid;
        e->mtime = st->st_mtim;
        switch (st->st_mode & S_IFMT) {
        case S_IFREG:
                e->type = TAR_REGULAR;
                e->size = (uint64_t)st->st_size;
                return 0;
        case S_IFDIR: e->type = TAR_DIRECTORY; return 0;
        case S_IFLNK: e->type = TAR_SYMLINK; return 0;
        case S_IFIFO: e->type = TAR_FIFO; return 0;
        case S_IFCHR:
        case S_IFBLK:
                e->type = S_ISCHR(st->st_mode) ? TAR_CHAR : TAR_BLOCK;
                e->major = major(st->st_rdev);
                e->minor = minor(st->st_rdev);
                return 0;
        default: return -ENOTSUP;
        }
}

int pack_entry_link(TarEntry *e, int dirfd, const char *name)
{
        char target[TAR_PATH_MAX + 2];
        ssize_t n = readlinkat(dirfd, name, target, sizeof(target));

        if (n < 0)
                return -errno;
        if ((size_t)n > TAR_PATH_MAX)
                return -ENAMETOOLONG;
        free(e->link);
        e->link = strndup(target, (size_t)n);
        return e->link ? 0 : -ENOMEM;
}

static bool has_prefix(const char *s, const char *prefix)
{
        return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* 1: wanted */
static int judge(const char *name)
{
        if (strcmp(name, OVERLAY_REDIRECT) == 0 || strcmp(name, OVERLAY_METACOPY) == 0)
                return -EOPNOTSUPP;
        if (has_prefix(name, OVERLAY_PREFIX) || has_prefix(name, OVERLAY_TRUSTED))
                return 0;
        return has_prefix(name, "user.") || has_prefix(name, "trusted.") ||
               strcmp(name, "security.capability") == 0 || has_prefix(name, "system.posix_acl_");
}

static int compare(const void *a, const void *b)
{
        return strcmp(((const TarXattr *)a)->name, ((const TarXattr *)b)->name);
}

/* @path if it is not NULL, else @fd */
static ssize_t list_xattrs(int fd, const char *path, char *names, size_t n)
{
        return path ? listxattr(path, names, n) : flistxattr(fd, names, n);
}

static int add_xattrs(TarEntry *e, int fd, const char *path)
{
        ssize_t n = list_xattrs(fd, path, NULL, 0);

        if (n <= 0)
                return n == 0 || errno == EOPNOTSUPP ? 0 : -errno;
        _cleanup_free_ char *names = malloc((size_t)n);
        _cleanup_free_ uint8_t *value = malloc(TAR_XATTR_MAX);
        if (!names || !value)
                return -ENOMEM;
        n = list_xattrs(fd, path, names, (size_t)n);
        if (n < 0)
                return -errno;
        for (const char *name = names; name < names + n; name += strlen(name) + 1) {
                int r = judge(name);
                if (r < 0)
                        return r;
                if (r == 0)
                        continue;
                ssize_t k = path ? getxattr(path, name, value, TAR_XATTR_MAX)
                                 : fgetxattr(fd, name, value, TAR_XATTR_MAX);
                if (k < 0)
                        return -errno;
                r = tar_entry_add_xattr(e, name, value, (size_t)k);
                if (r < 0)
                        return r;
        }
        if (e->n_xattrs > 1)
                qsort(e->xattrs, e->n_xattrs, sizeof(*e->xattrs), compare);
        return 0;
}

int pack_entry_xattrs(TarEntry *e, int fd)
{
        return add_xattrs(e, fd, NULL);
}

int pack_entry_xattrs_of(TarEntry *e, const char *path)
{
        return add_xattrs(e, -EBADF, path);
}

int pack_entry_extents(TarEntry *e, int fd, const struct stat *st)
{
        off_t data = 0;

        if ((uint64_t)st->st_blocks * BLOCK_OF_STAT >= (uint64_t)st->st_size)
                return 0;
        while (data < st->st_size) {
                data = lseek(fd, data, SEEK_DATA);
                if (data < 0 && errno == ENXIO) /* nothing but a hole is left */
                        break;
                off_t hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
                if (hole < 0)
                        return -errno;
                int r = tar_entry_add_extent(e, (uint64_t)data,
                                             (uint64_t)(MIN2(hole, st->st_size) - data));
                if (r < 0)
                        return r;
                data = hole;
        }
        e->sparse = true;
        e->sparse = tar_entry_n_payload(e) < e->size;
        return 0;
}
