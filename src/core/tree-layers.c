/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths in layers of the store, as overlayfs would show them merged. Nothing is mounted for it. */
#include "base/names.h"
#include "base/text.h"
#include "base/tree-init.h"
#include "core/tree.h"

#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define OPAQUE    "user.overlay.opaque"
#define TURNS_MAX 40 /* symbolic links and ".." on the way: as many as the kernel follows */

/* The directories of one path in all layers that show there, topmost first. */
typedef struct Level {
        GArray *fds;
} Level;

/* What is at a name of a level. */
typedef struct Entry {
        mode_t mode; /* 0: nothing */
        Level below; /* of a directory */
        char link[PATH_MAX];
} Entry;

static void close_element(void *fd)
{
        (void)close_fd(*(int *)fd);
}

static Level level_new(void)
{
        Level l = {g_array_new(FALSE, FALSE, sizeof(int))};

        g_array_set_clear_func(l.fds, close_element);
        return l;
}

static void level_done(Level *l)
{
        if (l->fds)
                g_array_unref(l->fds);
        l->fds = NULL;
}
#define _cleanup_level_ _cleanup_(level_done)

/* Return: true if there may be more below it. */
static bool level_add(Level *l, int fd)
{
        char value;

        if (fd < 0)
                return false;
        g_array_append_val(l->fds, fd);
        return fgetxattr(fd, OPAQUE, &value, 1) != 1 || value != 'y';
}

static bool is_whiteout(const struct stat *st)
{
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static void look_into(int dirfd, const char *name, const struct stat *st, Entry *ret)
{
        ssize_t n = 0;

        if (S_ISLNK(st->st_mode))
                n = readlinkat(dirfd, name, ret->link, sizeof(ret->link) - 1);
        ret->link[n < 0 ? 0 : n] = '\0';
        ret->mode = is_whiteout(st) || n < 0 ? 0 : st->st_mode;
}

/* @ret its level is the caller's to free if it is a directory */
static void look_up(const Level *l, const char *name, Entry *ret)
{
        _cleanup_level_ Level below = level_new();
        bool more = true;

        ret->mode = 0;
        for (guint i = 0; more && i < l->fds->len; i++) {
                int dirfd = g_array_index(l->fds, int, i);
                struct stat st;

                if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                        more = errno == ENOENT;
                } else if (S_ISDIR(st.st_mode)) {
                        more = level_add(&below,
                                         openat(dirfd, name,
                                                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
                } else {
                        more = false;
                        if (below.fds->len == 0)
                                look_into(dirfd, name, &st, ret);
                }
        }
        if (below.fds->len == 0)
                return;
        ret->mode = S_IFDIR;
        ret->below = below;
        below.fds = NULL;
}

/* Where to go on instead of with the @length bytes at @n of @path, which are a link or "..".
 * Nothing before them is a link. */
static char *turn(const char *path, size_t n, size_t length, const char *target)
{
        size_t kept = target[0] == '/' ? 0 : n;

        if (streq(target, "..")) {
                while (kept > 0 && path[kept - 1] == '/')
                        kept--;
                while (kept > 0 && path[kept - 1] != '/')
                        kept--;
                target = "";
        }
        return g_strdup_printf("%.*s/%s%s", (int)kept, path, target, path + n + length);
}

/* One way down.
 * @ret_next set if it does not end there: where to go on
 * Return: the mode of what is there; 0: nothing. */
static mode_t walk(const Level *top, const char *path, char **ret_next)
{
        _cleanup_level_ Level at = {g_array_ref(top->fds)};
        Entry e = {.mode = S_IFDIR};

        for (size_t n = strspn(path, "/"), length; path[n];
             n += length, n += strspn(path + n, "/")) {
                char name[NAME_MAX + 1];

                length = strcspn(path + n, "/");
                if (!S_ISDIR(e.mode) || length > NAME_MAX)
                        return 0;
                *(char *)mempcpy(name, path + n, length) = '\0';
                if (streq(name, "."))
                        continue;
                if (streq(name, "..")) {
                        *ret_next = turn(path, n, length, name);
                        return 0;
                }
                look_up(&at, name, &e);
                if (S_ISLNK(e.mode)) {
                        *ret_next = turn(path, n, length, e.link);
                        return 0;
                }
                if (S_ISDIR(e.mode)) {
                        level_done(&at);
                        at = e.below;
                }
        }
        return e.mode;
}

static bool is_program(const void *userdata, const char *path)
{
        _cleanup_free_ char *way = g_strdup(path);

        for (int i = 0; i <= TURNS_MAX; i++) {
                char *next = NULL;
                mode_t mode = walk(userdata, way, &next);

                if (!next)
                        return S_ISREG(mode) && (mode & 0111);
                g_free(way);
                way = next;
        }
        return false;
}

void tree_probe_layers(const char *store, char *const *layers, Tree *ret)
{
        _cleanup_level_ Level top = level_new();

        STRV_FOREACH (layer, layers) {
                _cleanup_free_ char *path =
                        g_strconcat(store, "/", *layer, "/" LODGE_LAYER_TREE, NULL);

                /* what is missing is told when it is to be mounted */
                if (!level_add(&top, open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)))
                        break;
        }
        *ret = (Tree){0};
        ret->init = tree_find_init_by(is_program, &top, &ret->init_is_systemd);
}
