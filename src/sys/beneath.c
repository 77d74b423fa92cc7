/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/beneath.h"

#include "base/io.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int beneath_open(int rootfd, const char *path, uint64_t flags, mode_t mode)
{
        /* no O_NOFOLLOW: with O_PATH it would open a link at the end instead of refusing it */
        struct open_how how = {
                .flags = flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY),
                .mode = flags & O_CREAT ? mode : 0,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };

        path += strspn(path, "/");
        int fd = (int)syscall(SYS_openat2, rootfd, *path ? path : ".", &how, sizeof(how));
        return fd < 0 ? -errno : fd;
}

int beneath_parent(int rootfd, const char *path, const char **ret_name)
{
        const char *slash = strrchr(path, '/');

        *ret_name = slash ? slash + 1 : path;
        if (!slash || slash == path)
                return beneath_open(rootfd, "/", O_PATH | O_DIRECTORY, 0);

        _cleanup_free_ char *parent = strndup(path, (size_t)(slash - path));
        if (!parent)
                return -ENOMEM;
        return beneath_open(rootfd, parent, O_PATH | O_DIRECTORY, 0);
}

int beneath_mkdir(int rootfd, const char *path, mode_t mode)
{
        const char *name;
        struct stat st;
        _cleanup_close_ int parent = beneath_parent(rootfd, path, &name);

        if (parent < 0)
                return parent;
        if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) >= 0)
                return S_ISDIR(st.st_mode) ? 0 : S_ISLNK(st.st_mode) ? -ELOOP : -ENOTDIR;
        if (errno != ENOENT || mkdirat(parent, name, mode) < 0)
                return -errno;
        /* mkdir(2) masks the mode, chmod does not: /tmp wants its sticky bit whatever our umask is
         */
        return fchmodat(parent, name, mode, 0) < 0 ? -errno : 1;
}

int beneath_replace(int rootfd, const char *path, const void *data, size_t n, mode_t mode)
{
        static const char tmp[] = ".#lodge-new";
        const char *name;
        _cleanup_free_ char *old = NULL;
        _cleanup_close_ int parent = beneath_parent(rootfd, path, &name), fd = -EBADF, dir = -EBADF;
        size_t n_old;

        if (parent < 0)
                return parent;
        dir = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return -errno;
        if (read_file_at(dir, name, n, &old, &n_old) >= 0 && n_old == n &&
            memcmp(old, data, n) == 0)
                return 0;
        (void)unlinkat(dir, tmp, 0); /* an earlier start was killed here */
        fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0)
                return -errno;
        int r = write_all(fd, data, n);
        if (r >= 0 && fchmod(fd, mode) < 0)
                r = -errno;
        if (r >= 0 && renameat(dir, tmp, dir, name) < 0)
                r = -errno;
        if (r < 0)
                (void)unlinkat(dir, tmp, 0);
        return r < 0 ? r : 1;
}

int beneath_read(int rootfd, const char *path, size_t max, char **ret, size_t *ret_n)
{
        const char *name;
        _cleanup_close_ int parent = beneath_parent(rootfd, path, &name);

        return parent < 0 ? parent : read_file_at(parent, name, max, ret, ret_n);
}
