/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "image/implied.h"
#include "image/layer.h"
#include "image/merged.h"
#include "image/pack-entry.h"

#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

static int copy_attributes(int from, int to)
{
        _cleanup_tar_entry_ TarEntry e = {0};
        struct stat st;

        if (fstat(from, &st) < 0)
                return -errno;
        int r = pack_entry_xattrs(&e, from);
        if (r < 0)
                return r;
        if (fchown(to, st.st_uid, st.st_gid) < 0 || fchmod(to, st.st_mode & 07777) < 0)
                return -errno;
        for (size_t i = 0; i < e.n_xattrs; i++) {
                const TarXattr *x = &e.xattrs[i];

                if (fsetxattr(to, x->name, x->value, x->n, 0) < 0 && errno != EPERM)
                        return -errno;
        }
        const struct timespec times[2] = {st.st_mtim, st.st_mtim};
        return futimens(to, times) < 0 ? -errno : 0;
}

/* Go down from the roots: those of @d that have the path and may be seen there. */
static int descend(MergedDir *d, const char *path)
{
        while (*path) {
                _cleanup_merged_ MergedDir child = {0};
                char name[TAR_NAME_MAX + 1];
                size_t n = strcspn(path, "/"), tree;
                struct stat st;

                *(char *)mempcpy(name, path, MIN2(n, TAR_NAME_MAX)) = '\0';
                int r = merged_find(d, name, &st, &tree);
                if (r > 0 && tree > 0) /* no more in the layer itself */
                        r = -ENOENT;
                if (r <= 0)
                        return r < 0 ? r : -ENOENT;
                r = merged_enter(d, name, tree, &child);
                if (r < 0 || child.n == 0)
                        return r < 0 ? r : -ENOENT;
                merged_done(d);
                *d = child;
                child = (MergedDir){0};
                path += n;
                path += strspn(path, "/");
        }
        return 0;
}

static int adopt(const int *trees, size_t n_trees, const char *path)
{
        _cleanup_merged_ MergedDir d = {0};
        int r = merged_root(trees, n_trees, &d);

        if (r >= 0)
                r = descend(&d, path);
        if (r == -ENOENT || (r >= 0 && d.n < 2)) /* it is gone, or is in none of the trees below */
                return 0;
        return r < 0 ? r : copy_attributes(d.fds[1], d.fds[0]);
}

int layer_adopt(int dirfd, const int *lowers, size_t n_lowers, Fault *reterr)
{
        _cleanup_strv_free_ char **paths = NULL;
        _cleanup_free_ int *trees = calloc(n_lowers + 1, sizeof(*trees));
        _cleanup_close_ int tree =
                openat(dirfd, LAYER_TREE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (tree < 0 || !trees)
                return stream_fault(reterr, trees ? errno : ENOMEM, "cannot read " LAYER_TREE);
        int r = n_lowers > 0 ? implied_read(dirfd, &paths) : 0;
        if (r < 0)
                return stream_fault(reterr, r, "cannot read " LAYER_IMPLIED);
        trees[0] = tree;
        for (size_t i = 0; i < n_lowers; i++)
                trees[i + 1] = lowers[i];
        STRV_FOREACH (path, paths) {
                r = adopt(trees, n_lowers + 1, *path);
                if (r < 0)
                        return tar_fault(reterr, -r, **path ? *path : "/",
                                         "cannot be made as it is in the layers below: %s",
                                         strerror(-r));
        }
        return 0;
}
