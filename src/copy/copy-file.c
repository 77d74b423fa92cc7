/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "copy/copy-file.h"

#include "base/text.h"
#include "copy/copy-unpack.h"
#include "image/tar-payload.h"
#include "image/tar-xattr.h"
#include "sys/beneath.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

#define LEFT_SEC 10 /* younger than that, it may just be made, and not be locked yet */

/* There is one at a time in a process. A name that nobody else has: in another directory, whose
 * number was used again meanwhile, there is none. */
static atomic_int unfinished_dirfd = -1;
static char unfinished_name[sizeof(((CopyFiles *)0)->temporary)];

void copy_unpack_abandon(void)
{
        int fd = atomic_load(&unfinished_dirfd);

        if (fd >= 0)
                (void)unlinkat(fd, unfinished_name, 0);
}

int copy_files_init(CopyFiles *f, Fault *reterr)
{
        uint64_t random;

        if (getrandom(&random, sizeof(random), 0) != sizeof(random))
                return fault_set(reterr, FAULT_FAILED, errno, "cannot get random bytes: %s",
                                 strerror(errno));
        (void)snprintf(f->temporary, sizeof(f->temporary), COPY_TEMPORARY_PREFIX "%016" PRIx64,
                       random);
        memcpy(unfinished_name, f->temporary, sizeof(unfinished_name));
        return 0;
}

/* Whoever writes it holds a lock. */
static bool is_left(int dirfd, const char *name)
{
        _cleanup_close_ int fd =
                openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        struct stat st;

        return fd >= 0 && fstat(fd, &st) >= 0 && S_ISREG(st.st_mode) &&
               st.st_mtime < time(NULL) - LEFT_SEC && flock(fd, LOCK_EX | LOCK_NB) >= 0;
}

void copy_files_sweep(int dirfd)
{
        int own = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_closedir_ DIR *d = own < 0 ? NULL : fdopendir(own);

        if (!d)
                (void)close_fd(own);
        for (struct dirent *e; d && (e = readdir(d));)
                if (strncmp(e->d_name, COPY_TEMPORARY_PREFIX, strlen(COPY_TEMPORARY_PREFIX)) == 0 &&
                    is_left(dirfd, e->d_name))
                        (void)unlinkat(dirfd, e->d_name, 0);
}

/* ---- attributes ---- */

mode_t copy_file_mode(const CopyFiles *f, const TarEntry *e)
{
        mode_t kept = 0777;

        if (e->type == TAR_DIRECTORY)
                kept |= S_ISVTX;
        if (f->archive && f->owners) /* for another owner they would mean something else */
                kept |= 07000;
        return e->mode & kept & (f->archive ? ~(mode_t)0 : ~f->mask);
}

/* Without being asked for, none that has to do with power. */
static bool is_wanted(const CopyFiles *f, const TarXattr *x)
{
        return tar_xattr_is_wanted(x) &&
               (f->archive || strncmp(x->name, "user.", strlen("user.")) == 0);
}

static int set_xattr(CopyFiles *f, int fd, const TarEntry *e, const TarXattr *x, Fault *reterr)
{
        if (!is_wanted(f, x)) {
                f->result->n_attributes += f->archive;
                return 0;
        }
        if (fsetxattr(fd, x->name, x->value, x->n, 0) >= 0)
                return 0;
        if (errno == EOPNOTSUPP || errno == EPERM || errno == EACCES || errno == EINVAL) {
                f->result->n_attributes++;
                return 0;
        }
        return copy_fault(reterr, errno, e->path, "cannot have its attribute '%.40s': %s", x->name,
                          strerror(errno));
}

static int cannot_set(const TarEntry *e, const char *what, Fault *reterr)
{
        return copy_fault(reterr, errno, e->path, "cannot have its %s: %s", what, strerror(errno));
}

static int cannot_own(const TarEntry *e, Fault *reterr)
{
        if (errno == EINVAL)
                return copy_fault(reterr, EINVAL, e->path,
                                  "belongs to %llu:%llu, and there is no such id; without "
                                  "--archive it would be root's",
                                  (unsigned long long)e->uid, (unsigned long long)e->gid);
        return cannot_set(e, "owner", reterr);
}

static bool ids_fit(const TarEntry *e)
{
        return e->uid < UINT32_MAX && e->gid < UINT32_MAX;
}

int copy_file_attributes(CopyFiles *f, int fd, const TarEntry *e, Fault *reterr)
{
        const struct timespec times[2] = {e->mtime, e->mtime};

        errno = EINVAL;
        if (f->owners && (!ids_fit(e) || fchown(fd, (uid_t)e->uid, (gid_t)e->gid) < 0))
                return cannot_own(e, reterr);
        /* in this order: chown takes set-id bits and capabilities away; a directory is ours until
         * it is left */
        if (e->type != TAR_DIRECTORY && fchmod(fd, copy_file_mode(f, e)) < 0)
                return cannot_set(e, "mode", reterr);
        for (size_t i = 0; i < e->n_xattrs; i++) {
                int r = set_xattr(f, fd, e, &e->xattrs[i], reterr);
                if (r < 0)
                        return r;
        }
        if (e->type != TAR_DIRECTORY && futimens(fd, times) < 0)
                return cannot_set(e, "time", reterr);
        return 0;
}

/* ---- files ---- */

static int cannot_write(int error, const char *path, Fault *reterr)
{
        if (error == EISDIR)
                return copy_fault(reterr, EISDIR, path, "cannot take the place of a directory");
        return copy_fault(reterr, error, path, "cannot be written: %s", strerror(error));
}

static int write_unfinished(CopyFiles *f, TarReader *reader, const TarEntry *e, int fd,
                            Fault *reterr)
{
        (void)flock(fd, LOCK_EX | LOCK_NB); /* it is new; without locks it may be swept as old */
        int r = tar_payload_write(reader, e, fd, reterr);

        return r < 0 ? r : copy_file_attributes(f, fd, e, reterr);
}

static int write_regular(CopyFiles *f, TarReader *reader, const TarEntry *e, int dirfd,
                         const char *name, Fault *reterr)
{
        _cleanup_close_ int fd = -EBADF;
        int r = 0;

        atomic_store(&unfinished_dirfd, dirfd);
        fd = openat(dirfd, f->temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                r = cannot_write(errno, e->path, reterr);
        else
                r = write_unfinished(f, reader, e, fd, reterr);
        if (r >= 0 && renameat(dirfd, f->temporary, dirfd, name) < 0)
                r = cannot_write(errno, e->path, reterr);
        if (r < 0 && fd >= 0)
                (void)unlinkat(dirfd, f->temporary, 0);
        atomic_store(&unfinished_dirfd, -1);
        return r;
}

/* @make returns 0 or negative errno; what is in the way is removed once */
static int make_at(int (*make)(const void *what, int dirfd, const char *name), const void *what,
                   int dirfd, const char *name)
{
        int r = make(what, dirfd, name);

        if (r != -EEXIST)
                return r;
        if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
                return -errno;
        return make(what, dirfd, name);
}

static int make_symlink(const void *what, int dirfd, const char *name)
{
        const TarEntry *e = what;

        return symlinkat(e->link, dirfd, name) < 0 ? -errno : 0;
}

static int make_fifo(const void *what, int dirfd, const char *name)
{
        const TarEntry *e = what;

        /* not to be opened to change it: somebody may be at its other end */
        return mknodat(dirfd, name, S_IFIFO | (e->mode & 0777), 0) < 0 ? -errno : 0;
}

static int write_special(CopyFiles *f, const TarEntry *e, int dirfd, const char *name,
                         Fault *reterr)
{
        const struct timespec times[2] = {e->mtime, e->mtime};
        int r = make_at(e->type == TAR_SYMLINK ? make_symlink : make_fifo, e, dirfd, name);

        if (r < 0)
                return cannot_write(-r, e->path, reterr);
        f->result->n_attributes += e->n_xattrs;
        errno = EINVAL;
        if (f->owners && (!ids_fit(e) || fchownat(dirfd, name, (uid_t)e->uid, (gid_t)e->gid,
                                                  AT_SYMLINK_NOFOLLOW) < 0))
                return cannot_own(e, reterr);
        /* gone or exchanged: not ours any more */
        if (utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
                return cannot_set(e, "time", reterr);
        return 0;
}

int copy_file_write(CopyFiles *f, TarReader *reader, const TarEntry *e, int dirfd, const char *name,
                    Fault *reterr)
{
        return e->type == TAR_REGULAR ? write_regular(f, reader, e, dirfd, name, reterr)
                                      : write_special(f, e, dirfd, name, reterr);
}

/* ---- hard links ---- */

typedef struct Target {
        int dirfd;
        const char *name;
} Target;

static int make_link(const void *what, int dirfd, const char *name)
{
        const Target *t = what;

        return linkat(t->dirfd, t->name, dirfd, name, 0) < 0 ? -errno : 0;
}

static bool is_same(const Target *t, int dirfd, const char *name)
{
        struct stat a, b;

        return fstatat(t->dirfd, t->name, &a, AT_SYMLINK_NOFOLLOW) >= 0 &&
               fstatat(dirfd, name, &b, AT_SYMLINK_NOFOLLOW) >= 0 && a.st_dev == b.st_dev &&
               a.st_ino == b.st_ino;
}

int copy_file_link(CopyFiles *f, int rootfd, const char *target, int dirfd, const char *name,
                   Fault *reterr)
{
        Target t = {0};
        _cleanup_close_ int parent = *target ? beneath_parent(rootfd, target, &t.name) : -EISDIR;

        if (parent < 0)
                return copy_fault(reterr, -parent, target, "cannot get another name: %s",
                                  strerror(-parent));
        t.dirfd = parent;
        if (is_same(&t, dirfd, name))
                return 0;
        int r = make_at(make_link, &t, dirfd, name);
        return r < 0 ? copy_fault(reterr, -r, target, "cannot get another name: %s", strerror(-r))
                     : 0;
}
