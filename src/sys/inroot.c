/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/inroot.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define TRIES_MAX 128 /* against a path that is being exchanged all the time */

int inroot_open(int rootfd, const char *path)
{
        struct open_how how = {
                .flags = O_PATH | O_CLOEXEC,
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };

        /* EAGAIN: something moved while the kernel went along ".." */
        for (int i = 0; i < TRIES_MAX; i++) {
                int fd = (int)syscall(SYS_openat2, rootfd, path, &how, sizeof(how));
                if (fd >= 0 || errno != EAGAIN)
                        return fd < 0 ? -errno : fd;
        }
        return -EAGAIN;
}

/* The first @n bytes of @path, whose last component is @name and was found missing in @parent. */
static int make_part(int rootfd, const char *part, int parent, const char *name, bool is_directory)
{
        int r = is_directory ? mkdirat(parent, name, 0755)
                             : mknodat(parent, name, S_IFREG | 0644, 0);

        if (r < 0 && errno != EEXIST)
                return -errno;
        int fd = inroot_open(rootfd, part);
        return fd == -ENOENT ? -ELOOP : fd; /* there, and not: a link to nothing */
}

static int open_part(int rootfd, const char *path, size_t n, int parent, bool is_directory)
{
        _cleanup_free_ char *part = strndup(path, n);

        if (!part)
                return -ENOMEM;
        int fd = inroot_open(rootfd, part);
        if (fd != -ENOENT)
                return fd;
        const char *slash = strrchr(part, '/');
        return make_part(rootfd, part, parent, slash ? slash + 1 : part, is_directory);
}

int inroot_make(int rootfd, const char *path, bool is_directory)
{
        _cleanup_close_ int fd = inroot_open(rootfd, path), parent = -EBADF;

        if (fd != -ENOENT)
                return TAKE_FD(fd);
        fd = inroot_open(rootfd, "/");
        for (size_t n = strspn(path, "/"); fd >= 0 && path[n]; n += strspn(path + n, "/")) {
                n += strcspn(path + n, "/");
                (void)close_fd(parent);
                parent = TAKE_FD(fd);
                fd = open_part(rootfd, path, n, parent, path[n] || is_directory);
        }
        return TAKE_FD(fd);
}
