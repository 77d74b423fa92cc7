/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/merged.h"
#include "image/pack.h"

#include "image/tar-entry.h"

#include <fcntl.h>
#include <search.h>
#include <string.h>

#define BLOCK_OF_STAT 512

typedef struct Inode {
        dev_t device;
        ino_t inode;
} Inode;

typedef struct Usage {
        uint64_t n_bytes;
        void *inodes; /* of files with several names that were counted */
} Usage;

static int compare(const void *a, const void *b)
{
        const Inode *x = a, *y = b;

        if (x->device != y->device)
                return x->device < y->device ? -1 : 1;
        return (x->inode > y->inode) - (x->inode < y->inode);
}

/* Return: 1 to be counted; 0 was already; -ENOMEM. */
static int is_first(Usage *u, const struct stat *st)
{
        Inode *key = malloc(sizeof(*key));

        if (!key)
                return -ENOMEM;
        *key = (Inode){.device = st->st_dev, .inode = st->st_ino};
        Inode **found = tsearch(key, &u->inodes, compare);
        bool added = found && *found == key;
        if (!added)
                free(key);
        return found ? added : -ENOMEM;
}

static int add_directory(Usage *u, int fd, unsigned depth);

static int add(Usage *u, int dirfd, const char *name, unsigned depth)
{
        struct stat st;

        if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno; /* removed meanwhile */
        int r = S_ISDIR(st.st_mode) || st.st_nlink < 2 ? 1 : is_first(u, &st);
        if (r <= 0)
                return r;
        u->n_bytes += (uint64_t)st.st_blocks * BLOCK_OF_STAT;
        if (!S_ISDIR(st.st_mode) || depth >= TAR_DEPTH_MAX)
                return 0;
        int fd = merged_open(dirfd, name, O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return fd == -ENOENT || fd == -EXDEV ? 0 : fd;
        return add_directory(u, fd, depth + 1);
}

/* Takes over @fd. */
static int add_directory(Usage *u, int fd, unsigned depth)
{
        _cleanup_closedir_ DIR *d = fdopendir(fd);
        struct dirent *e;
        int r = 0;

        if (!d) {
                (void)close_fd(fd);
                return -errno;
        }
        while (r >= 0 && (e = readdir(d))) {
                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
                        r = add(u, fd, e->d_name, depth);
        }
        return r;
}

int layer_usage(int dirfd, uint64_t *ret_n_bytes, Fault *reterr)
{
        Usage u = {0};
        int r = add(&u, dirfd, ".", 0);

        tdestroy(u.inodes, free);
        if (r < 0)
                return stream_fault(reterr, r, "cannot count what is on the disk");
        *ret_n_bytes = u.n_bytes;
        return 0;
}
