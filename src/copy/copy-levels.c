/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "copy/copy-levels.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define IMPLICIT_MODE 0755 /* of a directory that the archive does not tell of */

/* Takes over @fd, also on failure. */
static int push(CopyLevels *l, int fd, size_t n_path)
{
        if ((l->n_levels & (l->n_levels - 1)) == 0) { /* a power of two: full */
                size_t room = l->n_levels > 0 ? l->n_levels * 2 : 1;
                CopyLevel *grown = reallocarray(l->levels, room, sizeof(*grown));

                if (!grown) {
                        (void)close_fd(fd);
                        return -ENOMEM;
                }
                l->levels = grown;
        }
        l->levels[l->n_levels++] = (CopyLevel){.fd = fd, .n_path = n_path};
        return 0;
}

static int pop(CopyLevels *l)
{
        CopyLevel *level = &l->levels[--l->n_levels];
        const struct timespec times[2] = {level->mtime, level->mtime};
        int r = 0;

        if (level->set && (fchmod(level->fd, level->mode) < 0 || futimens(level->fd, times) < 0))
                r = -errno;
        level->fd = close_fd(level->fd);
        return r;
}

int copy_levels_init(CopyLevels *l, int fd)
{
        *l = (CopyLevels){0};
        return push(l, fd, 0);
}

int copy_levels_done(CopyLevels *l)
{
        int r = 0;

        while (l->n_levels > 0) {
                int k = pop(l);

                r = r < 0 ? r : k;
        }
        free(l->levels);
        l->levels = NULL;
        return r;
}

int copy_levels_make(CopyLevels *l, const CopyLevel *parent, const char *name, bool *ret_made)
{
        struct stat st;

        *ret_made = mkdirat(parent->fd, name, 0700) >= 0;
        if (*ret_made)
                return 0;
        if (errno != EEXIST || fstatat(parent->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

static int enter(CopyLevels *l, const char *path, size_t n_path, size_t begin)
{
        const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        int parent = l->levels[l->n_levels - 1].fd;
        char name[TAR_NAME_MAX + 1];

        if (n_path - begin > TAR_NAME_MAX)
                return -ENAMETOOLONG;
        *(char *)mempcpy(name, path + begin, n_path - begin) = '\0';
        int fd = openat(parent, name, flags);
        if (fd < 0 && errno == ENOENT) {
                if (mkdirat(parent, name, IMPLICIT_MODE) < 0 && errno != EEXIST)
                        return -errno;
                fd = openat(parent, name, flags);
        }
        if (fd < 0)
                return -errno;
        memcpy(l->path, path, n_path);
        return push(l, fd, n_path);
}

/* Is the directory of this level the path, or above it? */
static bool is_above(const CopyLevels *l, const CopyLevel *level, const char *path, size_t n)
{
        return level->n_path <= n && memcmp(l->path, path, level->n_path) == 0 &&
               (level->n_path == n || level->n_path == 0 || path[level->n_path] == '/');
}

CopyLevel *copy_levels_go(CopyLevels *l, const char *path, size_t n)
{
        int r = 0;

        while (r >= 0 && !is_above(l, &l->levels[l->n_levels - 1], path, n))
                r = pop(l);
        size_t at = l->levels[l->n_levels - 1].n_path;
        while (r >= 0 && at < n) {
                size_t begin = at + (at > 0);
                const char *slash = memchr(path + begin, '/', n - begin);

                at = slash ? (size_t)(slash - path) : n;
                r = enter(l, path, at, begin);
        }
        if (r < 0) {
                errno = -r;
                return NULL;
        }
        return &l->levels[l->n_levels - 1];
}

CopyLevel *copy_levels_parent(CopyLevels *l, const char *path, const char **ret_name)
{
        const char *slash = strrchr(path, '/');

        *ret_name = slash ? slash + 1 : path;
        return copy_levels_go(l, path, slash ? (size_t)(slash - path) : 0);
}
