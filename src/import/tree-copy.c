/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/tree-copy.h"

#include "base/text.h"
#include "import/file-copy.h"
#include "import/job.h"

#include <fcntl.h>
#include <search.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define DEPTH_MAX 512U

/* The first name of a file with several. */
typedef struct Inode {
        ino_t number;
        char path[]; /* below the copy's root */
} Inode;

typedef struct TreeCopy {
        dev_t device;
        int root_fd;  /* of the copy */
        void *inodes; /* of tsearch(3) */
        ProgressItem *item;
        char path[PATH_MAX]; /* where we are, for messages and hard links */
        size_t n_path;
        Fault *reterr;
} TreeCopy;

static int copy_directory(TreeCopy *t, int from, int to, const struct stat *st, unsigned depth);

static int fail(TreeCopy *t, int error)
{
        _cleanup_free_ char *shown = text_for_display(t->path, 200);

        return job_fault(t->reterr, error, "cannot copy '/%s'", shown ?: "");
}

/* ---- attributes ---- */

static bool is_wanted(const char *name)
{
        return strncmp(name, "user.", 5) == 0 || streq(name, "security.capability") ||
               streq(name, "system.posix_acl_access") || streq(name, "system.posix_acl_default");
}

static int copy_xattrs(int from, int to)
{
        _cleanup_free_ char *names = malloc(XATTR_LIST_MAX), *value = malloc(XATTR_SIZE_MAX);
        ssize_t n, k;

        if (!names || !value)
                return -ENOMEM;
        n = flistxattr(from, names, XATTR_LIST_MAX);
        if (n < 0)
                return errno == EOPNOTSUPP ? 0 : -errno;
        for (const char *s = names; s < names + n; s += strlen(s) + 1) {
                if (!is_wanted(s))
                        continue;
                k = fgetxattr(from, s, value, XATTR_SIZE_MAX);
                if (k < 0 && errno == ENODATA)
                        continue;
                if (k < 0 || fsetxattr(to, s, value, (size_t)k, 0) < 0)
                        return -errno;
        }
        return 0;
}

/* In this order: a new owner takes away the set-uid bits and the capabilities. */
static int copy_attributes(int from, int to, const struct stat *st)
{
        const struct timespec times[] = {st->st_atim, st->st_mtim};

        if (fchown(to, st->st_uid, st->st_gid) < 0)
                return -errno;
        int r = copy_xattrs(from, to);
        if (r < 0)
                return r;
        return fchmod(to, st->st_mode & 07777) < 0 || futimens(to, times) < 0 ? -errno : 0;
}

static int copy_attributes_by_name(int dirfd, const char *name, const struct stat *st)
{
        const struct timespec times[] = {st->st_atim, st->st_mtim};

        if (fchownat(dirfd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (!S_ISLNK(st->st_mode) && fchmodat(dirfd, name, st->st_mode & 07777, 0) < 0)
                return -errno;
        return utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* ---- entries ---- */

static int compare_inodes(const void *a, const void *b)
{
        ino_t x = ((const Inode *)a)->number, y = ((const Inode *)b)->number;

        return (x > y) - (x < y);
}

/* Return: 1 linked to the copy's earlier name; 0 this is the first one; negative errno. */
static int link_earlier(TreeCopy *t, int to, const char *name, const struct stat *st)
{
        size_t n = strlen(t->path) + 1;
        Inode *inode, **found;

        if (st->st_nlink < 2)
                return 0;
        inode = malloc(sizeof(*inode) + n);
        if (!inode)
                return -ENOMEM;
        inode->number = st->st_ino;
        memcpy(inode->path, t->path, n);
        found = tsearch(inode, &t->inodes, compare_inodes);
        if (found && *found == inode)
                return 0;
        free(inode);
        if (!found)
                return -ENOMEM;
        return linkat(t->root_fd, (*found)->path, to, name, 0) < 0 ? -errno : 1;
}

static int copy_file(TreeCopy *t, int from, int to, const char *name, const struct stat *st)
{
        _cleanup_close_ int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        _cleanup_close_ int out = -EBADF;
        struct stat now;

        if (in < 0 || fstat(in, &now) < 0)
                return -errno;
        if (now.st_ino != st->st_ino || !S_ISREG(now.st_mode))
                return -ESTALE;
        out = openat(to, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (out < 0)
                return -errno;
        int r = file_copy(in, out, (uint64_t)now.st_size, t->item);
        return r < 0 ? r : copy_attributes(in, out, &now);
}

static int copy_link(int from, int to, const char *name, const struct stat *st)
{
        char target[PATH_MAX];
        ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

        if (n < 0)
                return -errno;
        target[n] = '\0';
        if (symlinkat(target, to, name) < 0)
                return -errno;
        return copy_attributes_by_name(to, name, st);
}

static int copy_subdirectory(TreeCopy *t, int from, int to, const char *name, unsigned depth)
{
        _cleanup_close_ int in =
                openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_close_ int out = -EBADF;
        struct stat st;

        if (in < 0 || fstat(in, &st) < 0 || mkdirat(to, name, 0700) < 0)
                return -errno;
        out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (out < 0)
                return -errno;
        return copy_directory(t, in, out, &st, depth);
}

static int copy_entry(TreeCopy *t, int from, int to, const char *name, unsigned depth)
{
        struct stat st;
        int r;

        if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return copy_subdirectory(t, from, to, name, depth + 1);
        if (S_ISSOCK(st.st_mode))
                return 0;
        r = link_earlier(t, to, name, &st);
        if (r != 0)
                return r < 0 ? r : 0;
        if (S_ISREG(st.st_mode))
                return copy_file(t, from, to, name, &st);
        if (S_ISLNK(st.st_mode))
                return copy_link(from, to, name, &st);
        if (mknodat(to, name, st.st_mode, st.st_rdev) < 0)
                return -errno;
        return copy_attributes_by_name(to, name, &st);
}

/* Go down to an entry: its name is added to the path while it is worked on. */
static int enter(TreeCopy *t, int from, int to, const char *name, unsigned depth)
{
        size_t n = t->n_path;
        int k = snprintf(t->path + n, sizeof(t->path) - n, "%s%s", n ? "/" : "", name);
        int r = (size_t)k >= sizeof(t->path) - n ? -ENAMETOOLONG : 0;

        if (r >= 0) {
                t->n_path = n + (size_t)k;
                r = copy_entry(t, from, to, name, depth);
        }
        if (r < 0)
                r = fail(t, r);
        t->n_path = n;
        t->path[n] = '\0';
        return r;
}

static int copy_directory(TreeCopy *t, int from, int to, const struct stat *st, unsigned depth)
{
        _cleanup_close_ int copy = -EBADF;
        _cleanup_closedir_ DIR *d = NULL;
        struct dirent *e;
        int r = 0;

        if (depth > DEPTH_MAX)
                return -ELOOP;
        if (st->st_dev == t->device) { /* else a mount point: only the directory itself */
                copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                d = copy >= 0 ? fdopendir(copy) : NULL;
                if (!d)
                        return -errno;
                (void)TAKE_FD(copy);
        }
        while (d && r >= 0) {
                errno = 0;
                e = readdir(d);
                if (!e) {
                        r = -errno;
                        break;
                }
                if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
                        r = enter(t, from, to, e->d_name, depth);
        }
        return r < 0 ? r : copy_attributes(from, to, st);
}

int tree_copy(int from, int dirfd, const char *name, ProgressItem *item, Fault *reterr)
{
        _cleanup_free_ TreeCopy *t = calloc(1, sizeof(*t));
        _cleanup_close_ int to = -EBADF;
        struct stat st;

        if (!t)
                return -ENOMEM;
        if (fstat(from, &st) < 0 || mkdirat(dirfd, name, 0700) < 0)
                return job_fault(reterr, errno, "cannot begin to copy");
        to = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (to < 0)
                return job_fault(reterr, errno, "cannot begin to copy");
        t->device = st.st_dev;
        t->root_fd = to;
        t->item = item;
        t->reterr = reterr;
        int r = copy_directory(t, from, to, &st, 0);
        tdestroy(t->inodes, free);
        return r < 0 ? fail(t, r) : 0;
}
