/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/merged.h"

#include "base/text.h"
#include "image/whiteout.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

int merged_open(int dirfd, const char *name, int flags)
{
        struct open_how how = {
                .flags = (uint64_t)flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
        };
        int fd = (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));

        return fd < 0 ? -errno : fd;
}

int merged_is_opaque(int fd)
{
        char value[2];
        ssize_t n = fgetxattr(fd, OVERLAY_OPAQUE, value, sizeof(value));

        if (n < 0)
                return errno == ENODATA || errno == EOPNOTSUPP || errno == ERANGE ? 0 : -errno;
        return n == 1 && value[0] == 'y';
}

static int add(MergedDir *d, int fd)
{
        int *grown = reallocarray(d->fds, d->n + 1, sizeof(*grown));

        if (!grown) {
                (void)close_fd(fd);
                return -ENOMEM;
        }
        d->fds = grown;
        d->fds[d->n++] = fd;
        return 0;
}

void merged_done(MergedDir *d)
{
        for (size_t i = 0; i < d->n; i++)
                (void)close_fd(d->fds[i]);
        free(d->fds);
        *d = (MergedDir){0};
}

/* Take @fd, and tell whether the trees below it still count. 1: yes */
static int add_layer(MergedDir *d, int fd)
{
        int opaque = merged_is_opaque(fd), r = add(d, fd);

        if (r < 0 || opaque < 0)
                return r < 0 ? r : opaque;
        return !opaque;
}

int merged_root(const int *trees, size_t n, MergedDir *ret)
{
        _cleanup_merged_ MergedDir d = {0};
        int r = 1;

        for (size_t i = 0; r > 0 && i < n; i++) {
                int fd = openat(trees[i], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

                r = fd < 0 ? -errno : add_layer(&d, fd);
        }
        if (r < 0)
                return r;
        *ret = d;
        d = (MergedDir){0};
        return 0;
}

static int add_name(char ***names, size_t *n, const char *name)
{
        if ((*n & (*n + 1)) == 0) { /* one less than a power of two: full, with the NULL */
                char **grown = reallocarray(*names, (*n + 1) * 2, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                *names = grown;
        }
        char *copy = strdup(name);
        if (!copy)
                return -ENOMEM;
        (*names)[(*n)++] = copy;
        (*names)[*n] = NULL;
        return 0;
}

static int read_names(int dirfd, char ***names, size_t *n)
{
        int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_closedir_ DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
        struct dirent *e;
        int r = 0;

        if (!d) {
                (void)close_fd(fd);
                return -errno;
        }
        while (r >= 0 && (errno = 0, e = readdir(d))) {
                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
                        r = add_name(names, n, e->d_name);
        }
        return r < 0 ? r : -errno;
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

ssize_t merged_names(const MergedDir *d, char ***ret)
{
        _cleanup_strv_free_ char **names = NULL;
        size_t n = 0, n_kept = 0;

        for (size_t i = 0; i < d->n; i++) {
                int r = read_names(d->fds[i], &names, &n);
                if (r < 0)
                        return r;
        }
        if (n > 0)
                qsort(names, n, sizeof(*names), compare);
        for (size_t i = 0; i < n; i++) {
                if (n_kept > 0 && strcmp(names[n_kept - 1], names[i]) == 0)
                        free(names[i]);
                else
                        names[n_kept++] = names[i];
        }
        if (names)
                names[n_kept] = NULL;
        *ret = TAKE_PTR(names);
        return (ssize_t)n_kept;
}

int merged_find(const MergedDir *d, const char *name, struct stat *ret, size_t *ret_tree)
{
        *ret = (struct stat){0};
        for (size_t i = 0; i < d->n; i++) {
                if (fstatat(d->fds[i], name, ret, AT_SYMLINK_NOFOLLOW) >= 0) {
                        *ret_tree = i;
                        return !whiteout_is(ret);
                }
                if (errno != ENOENT)
                        return -errno;
        }
        return 0;
}

int merged_enter(const MergedDir *d, const char *name, size_t tree, MergedDir *ret)
{
        _cleanup_merged_ MergedDir child = {0};
        int r = 1;

        for (size_t i = tree; r > 0 && i < d->n; i++) {
                int fd = merged_open(d->fds[i], name, O_RDONLY | O_DIRECTORY);

                if (fd == -ENOENT)
                        continue;
                if (fd == -ENOTDIR || fd == -ELOOP || fd == -EXDEV) /* it ends what is merged */
                        break;
                r = fd < 0 ? fd : add_layer(&child, fd);
        }
        if (r < 0)
                return r;
        *ret = child;
        child = (MergedDir){0};
        return 0;
}
