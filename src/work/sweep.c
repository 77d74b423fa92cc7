/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "work/sweep.h"

#include "base/io.h"
#include "base/text.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define DEPTH_MAX 128 /* two descriptors a level; what is deeper is moved up first */

/* Nothing that is mounted there; a subvolume of btrfs is another device, too, but goes like any
 * directory. */
static int open_directory(int dirfd, const char *name)
{
        struct open_how how = {
                .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
        };
        int fd = (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));

        return fd < 0 ? -errno : fd;
}

/* chattr +i and +a keep even root from deleting; the guest's root may have set them. */
static void clear_flags(int fd)
{
        int flags;

        if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 || !(flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)))
                return;
        flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
        (void)ioctl(fd, FS_IOC_SETFLAGS, &flags); /* unlinkat() tells if it did not help */
}

static int remove_file(int dirfd, const char *name, unsigned char type)
{
        if (unlinkat(dirfd, name, 0) >= 0)
                return 0;
        if (errno != EPERM || type != DT_REG)
                return -errno;
        _cleanup_close_ int fd =
                openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -EPERM;
        clear_flags(fd);
        return unlinkat(dirfd, name, 0) < 0 ? -errno : 0;
}

static int remove_contents(int topfd, int fd, unsigned depth);

static int remove_directory(int topfd, int dirfd, const char *name, unsigned depth)
{
        char moved[32];
        struct stat st;
        _cleanup_close_ int fd = open_directory(dirfd, name);

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        clear_flags(fd);
        if (depth >= DEPTH_MAX) { /* one descriptor a level: continue from the top instead */
                (void)snprintf(moved, sizeof(moved), "deep.%llu", (unsigned long long)st.st_ino);
                return renameat(dirfd, name, topfd, moved) < 0 ? -errno : 0;
        }
        int r = remove_contents(topfd, fd, depth + 1);
        if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && r >= 0)
                r = -errno;
        return r;
}

static int remove_contents(int topfd, int fd, unsigned depth)
{
        _cleanup_close_ int copy = open_directory(fd, ".");
        _cleanup_closedir_ DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
        struct dirent *e;
        int result = 0;

        if (!d)
                return copy < 0 ? copy : -errno;
        (void)TAKE_FD(copy);
        while ((e = readdir(d))) {
                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                int r = e->d_type == DT_DIR || e->d_type == DT_UNKNOWN
                                ? remove_directory(topfd, fd, e->d_name, depth)
                                : -ENOTDIR;
                if (r == -ENOTDIR || r == -ELOOP)
                        r = remove_file(fd, e->d_name, e->d_type);
                if (r == -ENOENT) /* the sweep of a lodged that was killed goes on beside this */
                        r = 0;
                if (r < 0 && result >= 0)
                        result = r;
        }
        return result;
}

int sweep(const char *path)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int r;

        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        do /* again while it only moved what was too deep */
                r = remove_contents(fd, fd, 0);
        while (r >= 0 && directory_is_empty(fd) == 0);
        return r;
}

static int remove_entry(int dirfd, const char *path, const char *name)
{
        char full[PATH_MAX];
        int n = snprintf(full, sizeof(full), "%s/%s", path, name);

        if (n < 0 || (size_t)n >= sizeof(full))
                return -ENAMETOOLONG;
        int r = sweep(full); /* with a top of its own, where it may put what is too deep */
        if (r == -ENOTDIR || r == -ELOOP)
                return remove_file(dirfd, name, DT_REG);
        _cleanup_close_ int fd = open_directory(dirfd, name);
        if (fd >= 0)
                clear_flags(fd);
        return unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && r >= 0 ? -errno : r;
}

int sweep_prefix(const char *path, const char *prefix)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_closedir_ DIR *d = opendir(path);
        struct dirent *e;
        int result = 0;

        if (fd < 0 || !d)
                return errno == ENOENT ? 0 : -errno;
        while ((e = readdir(d))) {
                if (strncmp(e->d_name, prefix, strlen(prefix)) != 0)
                        continue;
                int r = remove_entry(fd, path, e->d_name);
                if (r < 0 && result >= 0)
                        result = r;
        }
        return result;
}
