/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/tree-cursor.h"

#include "image/tar-pax.h"
#include "image/whiteout.h"
#include "sys/beneath.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define IMPLICIT_MODE 0755 /* of a directory that the archive does not tell of */

/* Takes over @fd, also on failure. */
static int push(TreeCursor *c, int fd, size_t n_path)
{
        _cleanup_close_ int owned = fd;
        struct stat st;

        if (c->writing && fstat(fd, &st) < 0)
                return -errno;
        if ((c->n_levels & (c->n_levels - 1)) == 0) { /* a power of two: full */
                size_t room = c->n_levels > 0 ? c->n_levels * 2 : 1;
                TreeLevel *grown = reallocarray(c->levels, room, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                c->levels = grown;
        }
        TreeLevel *level = &c->levels[c->n_levels++];
        *level = (TreeLevel){.fd = TAKE_FD(owned), .n_path = n_path};
        if (c->writing) {
                level->mtime = st.st_mtim;
                level->setgid = st.st_mode & S_ISGID;
                level->default_acl = c->default_acl && fgetxattr(fd, ACL_DEFAULT, NULL, 0) > 0;
        }
        return 0;
}

static int pop(TreeCursor *c)
{
        TreeLevel *level = &c->levels[--c->n_levels];
        const struct timespec times[2] = {level->mtime, level->mtime};
        int r = c->writing && level->touched && futimens(level->fd, times) < 0 ? -errno : 0;

        level->fd = close_fd(level->fd);
        return r;
}

int tree_cursor_init(TreeCursor *c, int rootfd, bool writing)
{
        *c = (TreeCursor){.writing = writing};
        int fd = openat(rootfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : push(c, fd, 0);
}

int tree_cursor_done(TreeCursor *c)
{
        int r = 0;

        while (c->n_levels > 0) {
                int k = pop(c);
                r = r < 0 ? r : k;
        }
        free(c->levels);
        c->levels = NULL;
        return r;
}

/* Something may be in the way that a directory replaces: only a whiteout, which then hides what is
 * below it. */
static int make_directory(TreeCursor *c, const char *name)
{
        TreeLevel *parent = &c->levels[c->n_levels - 1];
        bool hidden = false;
        struct stat st;

        if (mkdirat(parent->fd, name, IMPLICIT_MODE) < 0) {
                if (errno != EEXIST || fstatat(parent->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        return -errno;
                if (!whiteout_is(&st))
                        return S_ISLNK(st.st_mode) ? -ELOOP : -ENOTDIR;
                if (unlinkat(parent->fd, name, 0) < 0 ||
                    mkdirat(parent->fd, name, IMPLICIT_MODE) < 0)
                        return -errno;
                hidden = true;
        }
        parent->touched = true;
        _cleanup_close_ int fd = beneath_open(parent->fd, name, O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0)
                return fd;
        if (parent->default_acl) { /* its children get it only if the archive says so */
                (void)fremovexattr(fd, ACL_ACCESS);
                (void)fremovexattr(fd, ACL_DEFAULT);
        }
        if (fchown(fd, 0, 0) < 0 || fchmod(fd, IMPLICIT_MODE) < 0)
                return -errno;
        int r = hidden ? whiteout_make_opaque(fd) : 0;
        return r < 0 ? r : TAKE_FD(fd);
}

static int enter(TreeCursor *c, const char *path, size_t n_path, size_t begin)
{
        char name[TAR_NAME_MAX + 1];
        bool made = false;

        if (n_path - begin > TAR_NAME_MAX)
                return -ENAMETOOLONG;
        *(char *)mempcpy(name, path + begin, n_path - begin) = '\0';
        int fd = beneath_open(c->levels[c->n_levels - 1].fd, name, O_RDONLY | O_DIRECTORY, 0);
        if (c->writing && (fd == -ENOENT || fd == -ENOTDIR)) {
                fd = make_directory(c, name);
                made = true;
        }
        if (fd < 0)
                return fd;
        int r = push(c, fd, n_path);
        if (r < 0)
                return r;
        memcpy(c->path, path, n_path);
        if (made) {
                c->levels[c->n_levels - 1].mtime = (struct timespec){0};
                c->levels[c->n_levels - 1].touched = true;
        }
        return made && c->on_made ? c->on_made(c->userdata, path, n_path) : 0;
}

/* Is the directory of this level the path, or above it? */
static bool is_above(const TreeCursor *c, const TreeLevel *level, const char *path, size_t n)
{
        return level->n_path <= n && memcmp(c->path, path, level->n_path) == 0 &&
               (level->n_path == n || level->n_path == 0 || path[level->n_path] == '/');
}

TreeLevel *tree_cursor_go(TreeCursor *c, const char *path, size_t n)
{
        int r = 0;

        while (r >= 0 && !is_above(c, &c->levels[c->n_levels - 1], path, n))
                r = pop(c);
        size_t at = c->levels[c->n_levels - 1].n_path;
        while (r >= 0 && at < n) {
                size_t begin = at + (at > 0);
                const char *slash = memchr(path + begin, '/', n - begin);

                at = slash ? (size_t)(slash - path) : n;
                r = enter(c, path, at, begin);
        }
        if (r < 0) {
                errno = -r;
                return NULL;
        }
        return &c->levels[c->n_levels - 1];
}

TreeLevel *tree_cursor_parent(TreeCursor *c, const char *path, const char **ret_name)
{
        const char *slash = strrchr(path, '/');

        *ret_name = slash ? slash + 1 : path;
        return tree_cursor_go(c, path, slash ? (size_t)(slash - path) : 0);
}
