/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "image/implied.h"
#include "image/layer.h"
#include "image/pack-entry.h"
#include "image/whiteout.h"

#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

/* A directory of the layer and how far down the layers below can be seen there. */
typedef struct Adoption {
        int tree;
        const int *lowers;
        size_t n_lowers;
        const char *path;
} Adoption;

#define FD_PATH_MAX 32

/* Descriptors are O_PATH: a layer that has been handed over lies where a sandbox lets nothing be
 * read, but what a file is like may still be asked. Without /proc its attributes cannot. */
static const char *fd_path(int fd, char ret[static FD_PATH_MAX])
{
        (void)snprintf(ret, FD_PATH_MAX, "/proc/self/fd/%d", fd);
        return ret;
}

static int copy_xattrs(int from, int to)
{
        _cleanup_tar_entry_ TarEntry e = {0};
        char path[FD_PATH_MAX];

        int r = pack_entry_xattrs_of(&e, fd_path(from, path));
        if (r == -ENOENT)
                return 0;
        for (size_t i = 0; r >= 0 && i < e.n_xattrs; i++) {
                const TarXattr *x = &e.xattrs[i];

                if (fsetxattr(to, x->name, x->value, x->n, 0) < 0 && errno != EPERM)
                        r = -errno;
        }
        return r;
}

static int copy_attributes(int from, int to)
{
        struct stat st;

        if (fstat(from, &st) < 0)
                return -errno;
        if (fchown(to, st.st_uid, st.st_gid) < 0 || fchmod(to, st.st_mode & 07777) < 0)
                return -errno;
        int r = copy_xattrs(from, to);
        const struct timespec times[2] = {st.st_mtim, st.st_mtim};
        return r >= 0 && futimens(to, times) < 0 ? -errno : r;
}

static bool is_opaque(int fd)
{
        char path[FD_PATH_MAX], value;

        return getxattr(fd_path(fd, path), OVERLAY_OPAQUE, &value, 1) == 1 && value == 'y';
}

/* Go down one tree.
 * @flags of the last directory
 * @ret_opaque what is on the way, or the directory itself, hides the trees below
 * Return: descriptor; -ENOENT; -ENOTDIR something else is in the way; negative errno. */
static int descend(int tree, const char *path, int flags, bool *ret_opaque)
{
        _cleanup_close_ int fd = openat(tree, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

        for (;;) {
                char name[TAR_NAME_MAX + 1];
                size_t n = strcspn(path, "/");

                if (fd < 0)
                        return -errno;
                *ret_opaque = *ret_opaque || is_opaque(fd);
                if (n == 0)
                        break;
                *(char *)mempcpy(name, path, MIN2(n, TAR_NAME_MAX)) = '\0';
                int next = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (next < 0)
                        return -errno;
                (void)close_fd(fd);
                fd = next;
                path += n;
                path += strspn(path, "/");
        }
        if (flags & O_PATH)
                return TAKE_FD(fd);
        int open = openat(fd, ".", flags | O_DIRECTORY | O_CLOEXEC);
        return open < 0 ? -errno : open;
}

static int adopt(const Adoption *a)
{
        bool opaque = false;
        _cleanup_close_ int fd = descend(a->tree, a->path, O_RDONLY, &opaque);

        if (fd < 0) /* a later entry took its place */
                return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
        for (size_t i = 0; !opaque && i < a->n_lowers; i++) {
                _cleanup_close_ int below = descend(a->lowers[i], a->path, O_PATH, &opaque);

                if (below >= 0)
                        return copy_attributes(below, fd);
                if (below == -ENOTDIR) /* a whiteout, too */
                        return 0;
                if (below != -ENOENT)
                        return below;
        }
        return 0;
}

int layer_adopt(int dirfd, const int *lowers, size_t n_lowers, Fault *reterr)
{
        _cleanup_strv_free_ char **paths = NULL;
        _cleanup_close_ int tree =
                openat(dirfd, LAYER_TREE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (tree < 0)
                return stream_fault(reterr, errno, "cannot read " LAYER_TREE);
        int r = implied_read(dirfd, &paths);
        if (r < 0)
                return stream_fault(reterr, r, "cannot read " LAYER_IMPLIED);
        STRV_FOREACH (path, paths) {
                const Adoption a = {
                        .tree = tree, .lowers = lowers, .n_lowers = n_lowers, .path = *path};

                r = adopt(&a);
                if (r < 0)
                        return tar_fault(reterr, -r, **path ? *path : "/",
                                         "cannot be made as it is in the layers below: %s",
                                         strerror(-r));
        }
        return 0;
}

bool layer_has_implied(int dirfd)
{
        _cleanup_strv_free_ char **paths = NULL;
        int r = implied_read(dirfd, &paths);
        size_t n = strv_length(paths);

        return r >= 0 && n > 0 && (n > 1 || *paths[0]); /* more than the root */
}
