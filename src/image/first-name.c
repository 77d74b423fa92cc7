/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/first-name.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* A file with several names, and the first of them. */
typedef struct Inode {
        dev_t device;
        ino_t inode;
        char *path;
} Inode;

static int compare(const void *a, const void *b)
{
        const Inode *x = a, *y = b;

        if (x->device != y->device)
                return x->device < y->device ? -1 : 1;
        return (x->inode > y->inode) - (x->inode < y->inode);
}

static void free_inode(void *userdata)
{
        Inode *i = userdata;

        free(i->path);
        free(i);
}

int first_name(FirstNames *f, const struct stat *st, const char *path, const char **ret)
{
        Inode key = {.device = st->st_dev, .inode = st->st_ino};

        *ret = NULL;
        if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
                return 0;
        Inode **found = tfind(&key, &f->inodes, compare);
        if (found) {
                *ret = (*found)->path;
                return 0;
        }
        Inode *added = malloc(sizeof(*added));
        if (!added)
                return -ENOMEM;
        *added = key;
        added->path = strdup(path);
        if (!added->path || !tsearch(added, &f->inodes, compare)) {
                free_inode(added);
                return -ENOMEM;
        }
        return 0;
}

void first_names_done(FirstNames *f)
{
        tdestroy(f->inodes, free_inode);
        f->inodes = NULL;
}
