/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "image/merged.h"
#include "image/pack-entry.h"
#include "image/pack.h"
#include "image/whiteout.h"

#include <fcntl.h>
#include <search.h>
#include <string.h>

typedef struct Diff {
        int (*on_change)(void *userdata, LayerChange change, const char *path);
        void *userdata;
        unsigned depth;
        Fault *reterr;
} Diff;

/* One directory of the upper tree, and what it lies on. */
typedef struct Pair {
        int upper;
        const MergedDir *lower;
        const char *path;
        bool opaque; /* nothing of what it lies on shows through, nor below */
} Pair;

static int cannot_read(Diff *d, const char *path, int error)
{
        return tar_fault(d->reterr, error, path, "cannot be read: %s", strerror(error));
}

static int tell(Diff *d, LayerChange change, const char *path)
{
        int r = d->on_change(d->userdata, change, path);

        return r < 0 ? stream_fault(d->reterr, r, "cannot tell what changed") : 0;
}

static bool same_xattrs(const TarEntry *a, const TarEntry *b)
{
        if (a->n_xattrs != b->n_xattrs)
                return false;
        for (size_t i = 0; i < a->n_xattrs; i++) { /* sorted */
                const TarXattr *x = &a->xattrs[i], *y = &b->xattrs[i];

                if (!streq(x->name, y->name) || x->n != y->n ||
                    (x->n > 0 && memcmp(x->value, y->value, x->n) != 0))
                        return false;
        }
        return true;
}

/* 1: something of the directory itself differs. Its time and size change with its entries. */
static int directory_differs(int a, int b, const struct stat *x, const struct stat *y)
{
        _cleanup_tar_entry_ TarEntry e = {0}, f = {0};

        if (x->st_mode != y->st_mode || x->st_uid != y->st_uid || x->st_gid != y->st_gid)
                return 1;
        int r = pack_entry_xattrs(&e, a);
        if (r >= 0)
                r = pack_entry_xattrs(&f, b);
        return r < 0 ? r : !same_xattrs(&e, &f);
}

static int diff_directory(Diff *d, const Pair *pair);

static int diff_child(Diff *d, const Pair *pair, const char *name, const char *path,
                      const struct stat *st, const struct stat *below, size_t tree)
{
        _cleanup_merged_ MergedDir lower = {0};
        _cleanup_close_ int fd = merged_open(pair->upper, name, O_RDONLY | O_DIRECTORY);
        bool merged = below && S_ISDIR(below->st_mode);
        int r = merged ? merged_enter(pair->lower, name, tree, &lower) : 0;

        if (fd < 0 || r < 0)
                return fd == -EXDEV ? 0 : cannot_read(d, path, fd < 0 ? -fd : -r);
        merged = merged && lower.n > 0;
        r = merged ? directory_differs(fd, lower.fds[0], st, below) : 0;
        if (r < 0)
                return cannot_read(d, path, -r);
        if (!merged || r > 0)
                r = tell(d, below ? LAYER_CHANGED : LAYER_ADDED, path);
        if (r < 0)
                return r;
        if (++d->depth > TAR_DEPTH_MAX)
                return tar_fault(d->reterr, ENAMETOOLONG, path, "lies deeper than %u directories",
                                 TAR_DEPTH_MAX);
        const Pair child = {.upper = fd, .lower = &lower, .path = path, .opaque = pair->opaque};
        r = diff_directory(d, &child);
        d->depth--;
        return r;
}

static int diff_name(Diff *d, const Pair *pair, const char *name)
{
        _cleanup_free_ char *path = NULL;
        struct stat st, below;
        size_t tree = 0;

        if (asprintf(&path, "%s/%s", pair->path, name) < 0)
                return cannot_read(d, name, ENOMEM);
        int found = merged_find(pair->lower, name, &below, &tree);
        if (found < 0)
                return cannot_read(d, path, -found);
        if (fstatat(pair->upper, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                if (errno != ENOENT)
                        return cannot_read(d, path, errno);
                return found > 0 && pair->opaque ? tell(d, LAYER_DELETED, path) : 0;
        }
        if (whiteout_is(&st))
                return found > 0 ? tell(d, LAYER_DELETED, path) : 0;
        if (S_ISDIR(st.st_mode))
                return diff_child(d, pair, name, path, &st, found > 0 ? &below : NULL, tree);
        return tell(d, found > 0 ? LAYER_CHANGED : LAYER_ADDED, path);
}

/* The names of the upper directory; if it is opaque, also those that it hides. */
static int diff_names(Diff *d, const Pair *pair)
{
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_free_ int *fds = calloc(pair->lower->n + 1, sizeof(*fds));

        if (!fds)
                return cannot_read(d, pair->path, ENOMEM);
        fds[0] = pair->upper;
        for (size_t i = 0; i < pair->lower->n; i++)
                fds[i + 1] = pair->lower->fds[i];
        const MergedDir all = {.fds = fds, .n = pair->opaque ? pair->lower->n + 1 : 1};
        ssize_t n = merged_names(&all, &names);
        if (n < 0)
                return cannot_read(d, pair->path, (int)-n);
        STRV_FOREACH (name, names) {
                int r = diff_name(d, pair, *name);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A directory that was made in an opaque one has no mark of its own. */
static int diff_directory(Diff *d, const Pair *pair)
{
        int opaque = merged_is_opaque(pair->upper);
        Pair p = *pair;

        if (opaque < 0)
                return cannot_read(d, pair->path, -opaque);
        p.opaque = p.opaque || opaque > 0;
        return diff_names(d, &p);
}

static int diff_root(Diff *d, const Pair *root)
{
        struct stat st, below;

        if (root->lower->n == 0)
                return 0;
        if (fstat(root->upper, &st) < 0 || fstat(root->lower->fds[0], &below) < 0)
                return cannot_read(d, "/", errno);
        int r = directory_differs(root->upper, root->lower->fds[0], &st, &below);
        if (r < 0)
                return cannot_read(d, "/", -r);
        return r > 0 ? tell(d, LAYER_CHANGED, "/") : 0;
}

int layer_diff(int upper, const int *lowers, size_t n_lowers,
               int (*on_change)(void *userdata, LayerChange change, const char *path),
               void *userdata, Fault *reterr)
{
        _cleanup_merged_ MergedDir lower = {0};
        Diff d = {.on_change = on_change, .userdata = userdata, .reterr = reterr};
        const Pair root = {.upper = upper, .lower = &lower, .path = ""};

        int r = merged_root(lowers, n_lowers, &lower);
        r = r < 0 ? cannot_read(&d, "/", -r) : diff_root(&d, &root);
        return r < 0 ? r : diff_directory(&d, &root);
}
