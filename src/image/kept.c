/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/kept.h"

#include "image/layer.h"
#include "image/tar-map.h"

#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int compare(const void *a, const void *b)
{
        const KeptFile *x = a, *y = b;
        int r = strcmp(x->path, y->path);

        return r ? r : (x->n_order > y->n_order) - (x->n_order < y->n_order);
}

/* One record at @at. Return: 1 with @at behind it; -EBADMSG; negative errno. */
static int read_record(Kept *k, uint64_t *at, uint64_t end)
{
        TarKept head;
        KeptFile file = {.n_order = k->n_files};

        if (end - *at < sizeof(head) ||
            pread(k->fd, &head, sizeof(head), (off_t)*at) != sizeof(head))
                return -EBADMSG;
        uint64_t n_path = le64toh(head.n_path);
        file.offset = *at + sizeof(head) + n_path;
        file.size = le64toh(head.size);
        if (memcmp(head.magic, TAR_KEPT_MAGIC, sizeof(head.magic)) != 0 || n_path > TAR_PATH_MAX ||
            file.offset > end || file.size > end - file.offset)
                return -EBADMSG;
        if ((k->n_files & (k->n_files - 1)) == 0) { /* a power of two: full */
                KeptFile *grown =
                        reallocarray(k->files, k->n_files ? k->n_files * 2 : 1, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                k->files = grown;
        }
        file.path = calloc(1, (size_t)n_path + 1);
        if (!file.path)
                return -ENOMEM;
        k->files[k->n_files++] = file;
        if (pread(k->fd, file.path, (size_t)n_path, (off_t)(*at + sizeof(head))) != (ssize_t)n_path)
                return -EBADMSG;
        *at = file.offset + file.size;
        return 1;
}

int kept_open(int dirfd, Kept *ret, Fault *reterr)
{
        _cleanup_kept_ Kept k = {
                .fd = openat(dirfd, LAYER_KEPT, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
        uint64_t at = 0;
        struct stat st = {0};
        int r = 0;

        if (k.fd < 0 && errno != ENOENT)
                return stream_fault(reterr, errno, "cannot read " LAYER_KEPT);
        if (k.fd >= 0 && fstat(k.fd, &st) < 0)
                r = -errno;
        while (r >= 0 && at < (uint64_t)st.st_size)
                r = read_record(&k, &at, (uint64_t)st.st_size);
        if (r < 0)
                return stream_fault(reterr, r, "cannot read " LAYER_KEPT);
        if (k.n_files > 0)
                qsort(k.files, k.n_files, sizeof(*k.files), compare);
        *ret = k;
        k = (Kept){.fd = -EBADF};
        return 0;
}

/* The first of a path, or what would come after it. One path may have been brought a hundred
 * thousand times. */
static size_t first_of(const Kept *k, const char *path)
{
        size_t begin = 0, end = k->n_files;

        while (begin < end) {
                size_t middle = begin + (end - begin) / 2;

                if (strcmp(k->files[middle].path, path) < 0)
                        begin = middle + 1;
                else
                        end = middle;
        }
        return begin;
}

const KeptFile *kept_next(Kept *k, const char *path)
{
        size_t first = first_of(k, path);

        if (first >= k->n_files || strcmp(k->files[first].path, path) != 0)
                return NULL;
        size_t given = first + k->files[first].n_used;
        if (given >= k->n_files || strcmp(k->files[given].path, path) != 0)
                return NULL;
        k->files[first].n_used++;
        return &k->files[given];
}

void kept_done(Kept *k)
{
        k->fd = close_fd(k->fd);
        for (size_t i = 0; i < k->n_files; i++)
                free(k->files[i].path);
        free(k->files);
        k->files = NULL;
        k->n_files = 0;
}
