/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directories from the one that is copied into to where one is, held open. Each is opened by
 * its name in the one above and may be no link, so nothing leads out. They get their mode and time
 * when they are left: until then they may have to be written to. */
#pragma once

#include "base/cleanup.h"
#include "image/tar-entry.h"

typedef struct CopyLevel {
        int fd;
        size_t n_path; /* bytes of the path up to here */
        bool set;      /* give it these when it is left */
        mode_t mode;
        struct timespec mtime;
} CopyLevel;

typedef struct CopyLevels {
        char path[2 * TAR_PATH_MAX + 2];
        CopyLevel *levels;
        size_t n_levels;
} CopyLevels;

/** copy_levels_init() - begin at a directory
 * @fd consumed
 * Return: 0; -ENOMEM. */
int copy_levels_init(CopyLevels *l, int fd);
/** copy_levels_done() - leave all of them
 * Return: 0; negative errno: one could not have its mode or time. */
int copy_levels_done(CopyLevels *l);
/** copy_levels_go() - go to a directory, and make those that are missing
 * @path of tar_path_clean(), its first @n bytes
 * Return: its level, valid until the next call; NULL with errno set: ELOOP and ENOTDIR something on
 * the way is no directory. */
CopyLevel *copy_levels_go(CopyLevels *l, const char *path, size_t n);
/** copy_levels_parent() - go to the directory that holds @path
 * @ret_name the last component, inside @path */
CopyLevel *copy_levels_parent(CopyLevels *l, const char *path, const char **ret_name);
/** copy_levels_make() - make a directory of this name, open for us alone, unless there is one
 * Return: 0; -ENOTDIR something else has the name; negative errno. */
int copy_levels_make(CopyLevels *l, const CopyLevel *parent, const char *name, bool *ret_made);
