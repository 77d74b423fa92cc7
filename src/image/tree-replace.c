/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/tree-write.h"
#include "image/whiteout.h"
#include "sys/beneath.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* The path of what is being removed; it grows and shrinks with the depth. */
typedef struct Removal {
        TreeWriter *w;
        char path[2 * TAR_PATH_MAX];
        Fault *reterr;
} Removal;

static int keep_file(Removal *r, int dirfd, const char *name)
{
        _cleanup_close_ int fd =
                openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

        if (fd < 0)
                return tar_fault(r->reterr, errno, r->path, "cannot be replaced: %s",
                                 strerror(errno));
        return tar_map_writer_keep(r->w->map, r->path, fd, r->reterr);
}

static int remove_any(Removal *r, int dirfd, const char *name, const struct stat *st);

static int remove_children(Removal *r, int dirfd, const char *name)
{
        int fd = beneath_open(dirfd, name, O_RDONLY | O_DIRECTORY, 0);
        _cleanup_closedir_ DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
        size_t n = strlen(r->path);
        struct dirent *entry;

        if (!d) {
                (void)close_fd(fd);
                return tar_fault(r->reterr, errno, r->path, "cannot be replaced: %s",
                                 strerror(errno));
        }
        while ((entry = readdir(d))) {
                struct stat st;

                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                size_t room = sizeof(r->path) - n;
                if ((size_t)snprintf(r->path + n, room, "/%s", entry->d_name) >= room)
                        return tar_fault(r->reterr, ENAMETOOLONG, r->path, "cannot be replaced");
                int k = fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
                if (k < 0)
                        return tar_fault(r->reterr, -k, r->path, "cannot be replaced: %s",
                                         strerror(-k));
                k = remove_any(r, fd, entry->d_name, &st);
                if (k < 0)
                        return k;
        }
        r->path[n] = '\0';
        return 0;
}

/* Deeper than TAR_DEPTH_MAX nothing was made. */
static int remove_any(Removal *r, int dirfd, const char *name, const struct stat *st)
{
        int k = 0;

        if (S_ISDIR(st->st_mode))
                k = remove_children(r, dirfd, name);
        else if (S_ISREG(st->st_mode))
                k = keep_file(r, dirfd, name);
        if (k < 0)
                return k;
        if (unlinkat(dirfd, name, S_ISDIR(st->st_mode) ? AT_REMOVEDIR : 0) < 0)
                return tar_fault(r->reterr, errno, r->path, "cannot be replaced: %s",
                                 strerror(errno));
        return 0;
}

int tree_replace(TreeWriter *w, const char *path, TreeLevel *parent, const char *name,
                 bool *ret_hidden, Fault *reterr)
{
        Removal removal = {.w = w, .reterr = reterr};
        struct stat st;

        if (fstatat(parent->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0
                                       : tar_fault(reterr, errno, path, "cannot be replaced: %s",
                                                   strerror(errno));
        *(char *)mempcpy(removal.path, path, MIN2(strlen(path), TAR_PATH_MAX)) = '\0';
        *ret_hidden = whiteout_is(&st);
        parent->touched = true;
        return remove_any(&removal, parent->fd, name, &st);
}
