/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where in a tree one is: the directories from its root to there, held open. Each is opened by its
 * name in the one above and may be no symlink, so nothing leads out, and going to a neighbour costs
 * nothing. */
#pragma once

#include "base/cleanup.h"
#include "image/tar-entry.h"

typedef struct TreeLevel {
        int fd;
        size_t n_path;         /* bytes of the cursor's path up to here */
        struct timespec mtime; /* what it is to have once we are done with it */
        bool touched;          /* set it then */
        bool setgid;           /* new entries get its group */
        bool default_acl;      /* new entries get its ACL */
} TreeLevel;

typedef struct TreeCursor {
        char path[TAR_PATH_MAX + 1];
        TreeLevel *levels;
        size_t n_levels;
        bool writing;     /* times are kept, missing directories are made */
        bool default_acl; /* there may be some in this tree */
        /* a missing directory was made; may be NULL */
        int (*on_made)(void *userdata, const char *path, size_t n);
        void *userdata;
} TreeCursor;

/** tree_cursor_init() - stand at the root of a tree
 * @rootfd  is duplicated
 * @writing make directories that are missing, and put each directory's time back when it is left
 * Return: 0; negative errno. */
int tree_cursor_init(TreeCursor *c, int rootfd, bool writing);
/** tree_cursor_done() - leave all directories
 * Return: 0; negative errno: a time could not be set. */
int tree_cursor_done(TreeCursor *c);
/** tree_cursor_go() - go to a directory
 * @path of tar_path_clean(), its first @n bytes
 * Return: its level, valid until the next call; NULL with errno set: ELOOP and ENOTDIR
 * something on the way is no directory. */
TreeLevel *tree_cursor_go(TreeCursor *c, const char *path, size_t n);
/** tree_cursor_parent() - go to the directory that holds @path
 * @ret_name the last component, inside @path
 * Return: as tree_cursor_go(). */
TreeLevel *tree_cursor_parent(TreeCursor *c, const char *path, const char **ret_name);

static inline void tree_cursor_donep(TreeCursor *c)
{
        (void)tree_cursor_done(c); /* a failure before has been told */
}
#define _cleanup_tree_cursor_ _cleanup_(tree_cursor_donep)
