/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "copy/copy-place.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define TRIES_MAX 128 /* against a path that is being exchanged all the time */
#define LINKS_MAX 40  /* as the kernel */

static int open_directory(const CopyRoot *root, const char *path)
{
        struct open_how how = {
                .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                .resolve = root->is_confined ? RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS : 0,
        };

        /* EAGAIN: something moved while the kernel went along ".." */
        for (int i = 0; i < TRIES_MAX; i++) {
                int fd = (int)syscall(SYS_openat2, root->fd, path, &how, sizeof(how));

                if (fd >= 0 || errno != EAGAIN)
                        return fd < 0 ? -errno : fd;
        }
        return -EAGAIN;
}

static size_t length_without_slashes(const char *path)
{
        size_t n = strlen(path);

        while (n > 0 && path[n - 1] == '/')
                n--;
        return n;
}

static bool is_dots(const char *name, size_t n)
{
        return n == 0 || (n == 1 && *name == '.') || (n == 2 && name[0] == '.' && name[1] == '.');
}

/* Where the last component of the first @n bytes begins. */
static size_t last_component(const char *path, size_t n)
{
        while (n > 0 && path[n - 1] != '/')
                n--;
        return n;
}

/* One step: @path without what a link at its end says. */
static int split(const CopyRoot *root, char *path, CopyPlace *ret)
{
        size_t n = length_without_slashes(path), begin = last_component(path, n);
        bool is_directory = is_dots(path + begin, n - begin);

        ret->wants_directory = ret->wants_directory || is_directory || path[n] == '/';
        if (is_directory) {
                (void)snprintf(ret->name, sizeof(ret->name), ".");
                ret->dirfd = open_directory(root, *path ? path : ".");
                return ret->dirfd < 0 ? ret->dirfd : 0;
        }
        if (n - begin > NAME_MAX)
                return -ENAMETOOLONG;
        *(char *)mempcpy(ret->name, path + begin, n - begin) = '\0';
        path[begin] = '\0';
        ret->dirfd = open_directory(root, *path ? path : ".");
        return ret->dirfd < 0 ? ret->dirfd : 0;
}

/* @path is that of the directory, and becomes what the link says. 1: it was one */
static int follow_link(const CopyPlace *p, char path[static PATH_MAX])
{
        char target[PATH_MAX];
        size_t n_path = strlen(path);
        ssize_t n = readlinkat(p->dirfd, p->name, target, sizeof(target));

        if (n < 0)
                return errno == EINVAL || errno == ENOENT ? 0 : -errno;
        if (n > 0 && *target == '/')
                n_path = 0;
        if (n_path + (size_t)n >= PATH_MAX)
                return -ENAMETOOLONG;
        *(char *)mempcpy(path + n_path, target, (size_t)n) = '\0';
        return 1;
}

int copy_place_find(const CopyRoot *root, const char *path, bool follow, CopyPlace *ret)
{
        char text[PATH_MAX];
        CopyPlace p = {.dirfd = -EBADF};

        if (strlen(path) >= sizeof(text))
                return -ENAMETOOLONG;
        (void)snprintf(text, sizeof(text), "%s", path);
        for (int i = 0; i < LINKS_MAX; i++) {
                int r = split(root, text, &p);

                if (r >= 0 && (follow || p.wants_directory) && strcmp(p.name, ".") != 0)
                        r = follow_link(&p, text);
                if (r == 0) {
                        *ret = p;
                        return 0;
                }
                p.dirfd = close_fd(p.dirfd);
                if (r < 0)
                        return r;
        }
        return -ELOOP;
}

void copy_place_done(CopyPlace *p)
{
        p->dirfd = close_fd(p->dirfd);
}

int copy_top_name(const char *path, char ret[static NAME_MAX + 1])
{
        size_t n = length_without_slashes(path), begin = last_component(path, n);

        *ret = '\0';
        if (is_dots(path + begin, n - begin))
                return 0;
        if (n - begin > NAME_MAX)
                return -ENAMETOOLONG;
        *(char *)mempcpy(ret, path + begin, n - begin) = '\0';
        return 0;
}
