/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/io.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

int write_all(int fd, const void *data, size_t n)
{
        const char *p = data;

        while (n > 0) {
                ssize_t k = write(fd, p, n);

                if (k < 0 && errno != EINTR)
                        return -errno;
                if (k > 0) {
                        p += k;
                        n -= (size_t)k;
                }
        }
        return 0;
}

int read_file_at(int dirfd, const char *name, size_t max, char **ret, size_t *ret_n)
{
        /* O_NONBLOCK: a FIFO in place of the file must not hold us up before fstat() tells */
        _cleanup_close_ int fd =
                openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        _cleanup_free_ char *buf = NULL;
        struct stat st;
        size_t n = 0;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EBADFD;
        /* kernel files say size 0, and a file may grow: read until the end, at most @max */
        size_t size = st.st_size > 0 && (size_t)st.st_size < max ? (size_t)st.st_size + 1 : max + 1;
        buf = malloc(size + 1);
        if (!buf)
                return -ENOMEM;
        for (;;) {
                ssize_t k = read(fd, buf + n, size - n);

                if (k < 0 && errno != EINTR)
                        return -errno;
                if (k == 0)
                        break;
                n += k > 0 ? (size_t)k : 0;
                if (n > max)
                        return -EFBIG;
                if (n == size) { /* grew under our hands */
                        size = max + 1;
                        char *grown = realloc(buf, size + 1);

                        if (!grown)
                                return -ENOMEM;
                        buf = grown;
                }
        }
        buf[n] = '\0';
        *ret = TAKE_PTR(buf);
        if (ret_n)
                *ret_n = n;
        return 0;
}

static int sync_and_rename(int dirfd, int fd, const char *tmp, const char *name)
{
        _cleanup_close_ int self = -EBADF;

        if (fsync(fd) < 0 || renameat(dirfd, tmp, dirfd, name) < 0)
                return -errno;
        self = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (self < 0 || fsync(self) < 0)
                return -errno;
        return 0;
}

int directory_is_empty(int dirfd)
{
        _cleanup_close_ int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_closedir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
        int n = 0;

        if (!d)
                return -errno;
        (void)TAKE_FD(fd);
        while (n <= 2 && readdir(d))
                n++;
        return n <= 2;
}

int write_file_atomic_at(int dirfd, const char *name, const void *data, size_t n, mode_t mode)
{
        _cleanup_free_ char *tmp = NULL;
        _cleanup_close_ int fd = -EBADF;

        if (asprintf(&tmp, ".#%.200s.%d", name, (int)getpid()) < 0)
                return -ENOMEM;
        (void)unlinkat(dirfd, tmp, 0); /* left by an earlier process of this pid that was killed */
        fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (fd < 0)
                return -errno;
        int r = write_all(fd, data, n);
        if (r >= 0)
                r = sync_and_rename(dirfd, fd, tmp, name);
        if (r < 0)
                (void)unlinkat(dirfd, tmp, 0);
        return r;
}

int write_string_at(int dirfd, const char *name, const char *s)
{
        _cleanup_close_ int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

        if (fd < 0)
                return -errno;
        return write(fd, s, strlen(s)) < 0 ? -errno : 0;
}

int sealed_memfd(const char *name, const void *data, size_t n)
{
        _cleanup_close_ int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

        if (fd < 0)
                return -errno;
        int r = write_all(fd, data, n);
        if (r < 0)
                return r;
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
                return -errno;
        return TAKE_FD(fd);
}

uint64_t now_usec(clockid_t clock)
{
        struct timespec ts = {0};

        (void)clock_gettime(clock, &ts); /* cannot fail for the clocks we ask for */
        return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}
