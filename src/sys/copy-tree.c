/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/copy-tree.h"

#include "base/cleanup.h"
#include "base/io.h"
#include "base/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define DEPTH_MAX  256 /* three descriptors a level */
#define BUFFER     65536
#define XATTRS_MAX 65536

/* Not on the stack: a compiler that inlines what uses these would have them there at every depth.
 */
typedef struct Buffers {
        char names[XATTRS_MAX], value[XATTRS_MAX];
        char data[BUFFER]; /* of a file, or a link's target */
} Buffers;

static int copy_attribute(Buffers *b, int from, int to, const char *name)
{
        ssize_t n = fgetxattr(from, name, b->value, sizeof(b->value));

        /* what is the host's to set, or the file system does not have, is left out */
        if (n < 0 || fsetxattr(to, name, b->value, (size_t)n, 0) >= 0)
                return 0;
        return errno == ENOSPC || errno == EDQUOT ? -errno : 0;
}

static int copy_attributes(Buffers *b, int from, int to)
{
        ssize_t n = flistxattr(from, b->names, sizeof(b->names));
        int r = 0;

        for (const char *name = b->names; r >= 0 && n > 0 && name < b->names + n;
             name += strlen(name) + 1)
                r = copy_attribute(b, from, to, name);
        return r;
}

/* The owner first: a change of it takes set-user-ID bits and capabilities away. */
static int copy_metadata(Buffers *b, int from, int to, const struct stat *st)
{
        const struct timespec times[2] = {st->st_atim, st->st_mtim};

        if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0)
                return -errno;
        int r = copy_attributes(b, from, to);
        if (r >= 0 && futimens(to, times) < 0)
                r = -errno;
        return r;
}

static int copy_range(Buffers *b, int from, int to, off_t begin, off_t end)
{
        while (begin < end) {
                size_t want = (size_t)MIN2(end - begin, (off_t)sizeof(b->data));
                ssize_t n = pread(from, b->data, want, begin);

                if (n <= 0)
                        return n < 0 ? -errno : 0; /* it has become shorter */
                for (ssize_t done = 0; done < n;) {
                        ssize_t w = pwrite(to, b->data + done, (size_t)(n - done), begin + done);
                        if (w < 0)
                                return -errno;
                        done += w;
                }
                begin += n;
        }
        return 0;
}

static int copy_data(Buffers *b, int from, int to, off_t size)
{
        off_t end = 0;
        int r = 0;

        while (r >= 0 && end < size) {
                off_t begin = lseek(from, end, SEEK_DATA);

                if (begin < 0)
                        break; /* ENXIO: nothing but a hole is left */
                end = lseek(from, begin, SEEK_HOLE);
                if (end < 0)
                        return -errno;
                r = copy_range(b, from, to, begin, end);
        }
        return r >= 0 && ftruncate(to, size) < 0 ? -errno : r;
}

static int copy_file(Buffers *b, int from, int to, const char *name)
{
        _cleanup_close_ int source =
                openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        _cleanup_close_ int target = -EBADF;
        struct stat st;

        if (source < 0 || fstat(source, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EBADFD;
        if (unlinkat(to, name, 0) < 0 && errno != ENOENT)
                return -errno;
        target = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (target < 0)
                return -errno;
        int r = copy_data(b, source, target, st.st_size);
        return r < 0 ? r : copy_metadata(b, source, target, &st);
}

static int copy_link(Buffers *b, int from, int to, const char *name, const struct stat *st)
{
        const struct timespec times[2] = {st->st_atim, st->st_mtim};
        ssize_t n = readlinkat(from, name, b->data, sizeof(b->data) - 1);

        if (n < 0)
                return -errno;
        b->data[n] = '\0';
        if (unlinkat(to, name, 0) < 0 && errno != ENOENT)
                return -errno;
        if (symlinkat(b->data, to, name) < 0 ||
            fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
            utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return 0;
}

static int copy_fifo(int to, const char *name, const struct stat *st)
{
        const struct timespec times[2] = {st->st_atim, st->st_mtim};

        if (unlinkat(to, name, 0) < 0 && errno != ENOENT)
                return -errno;
        if (mknodat(to, name, S_IFIFO | 0600, 0) < 0 ||
            fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
            fchmodat(to, name, st->st_mode & 07777, 0) < 0 ||
            utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return 0;
}

static int copy_directory(Buffers *b, int from, int to, unsigned depth);

static int copy_below(Buffers *b, int from, int to, const char *name, unsigned depth)
{
        _cleanup_close_ int source =
                openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_close_ int target = -EBADF;

        if (source < 0)
                return -errno;
        if (mkdirat(to, name, 0700) < 0 && errno != EEXIST)
                return -errno;
        target = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return target < 0 ? -errno : copy_directory(b, source, target, depth + 1);
}

static int copy_entry(Buffers *b, int from, int to, const char *name, unsigned depth)
{
        struct stat st;

        if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        switch (st.st_mode & S_IFMT) {
        case S_IFDIR: return copy_below(b, from, to, name, depth);
        case S_IFREG: return copy_file(b, from, to, name);
        case S_IFLNK: return copy_link(b, from, to, name, &st);
        case S_IFIFO: return copy_fifo(to, name, &st);
        default: return 0;
        }
}

static int copy_directory(Buffers *b, int from, int to, unsigned depth)
{
        _cleanup_close_ int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_closedir_ DIR *d = copy < 0 ? NULL : fdopendir(copy);
        struct dirent *e;
        struct stat st;
        int r = 0;

        if (!d || fstat(from, &st) < 0)
                return -errno;
        (void)TAKE_FD(copy);
        if (depth >= DEPTH_MAX)
                return -ELOOP;
        while (r >= 0 && (e = readdir(d)))
                if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
                        r = copy_entry(b, from, to, e->d_name, depth);
        return r < 0 ? r : copy_metadata(b, from, to, &st);
}

int copy_tree(int from, int to)
{
        _cleanup_free_ Buffers *b = malloc(sizeof(*b));

        if (!b)
                return -ENOMEM;
        _cleanup_close_ int source = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int target = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return source < 0 || target < 0 ? -errno : copy_directory(b, source, target, 0);
}
