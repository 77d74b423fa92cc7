/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/implied.h"

#include "base/io.h"
#include "base/text.h"
#include "image/layer.h"
#include "image/tar-entry.h"

#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>

int implied_note(Implied *i, const char *path, size_t n, bool is_implied)
{
        char sign = is_implied ? '+' : '-', end = '\0';
        const struct iovec parts[] = {
                {.iov_base = &sign, .iov_len = 1},
                {.iov_base = (char *)path, .iov_len = n}, /* only read from */
                {.iov_base = &end, .iov_len = 1},
        };

        i->root_told = i->root_told || n == 0;
        if ((i->fd < 0 && !is_implied) || i->n_bytes + n + 2 > IMPLIED_BYTES_MAX)
                return 0;
        if (i->fd < 0)
                i->fd = openat(i->dirfd, LAYER_IMPLIED, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                               0600);
        if (i->fd < 0)
                return -errno;
        i->n_bytes += n + 2;
        ssize_t k = writev(i->fd, parts, ELEMENTSOF(parts));
        return k == (ssize_t)n + 2 ? 0 : k < 0 ? -errno : -EIO;
}

int implied_end(Implied *i)
{
        int r = i->root_told ? 0 : implied_note(i, "", 0, true);

        i->fd = close_fd(i->fd);
        return r;
}

static int compare(const void *a, const void *b)
{
        const char *x = *(char *const *)a, *y = *(char *const *)b;
        int r = strcmp(x + 1, y + 1);

        return r ? r : (x > y) - (x < y); /* in the order of the file */
}

/* All records, as strings inside @text. */
static int split(char *text, size_t n, char ***ret, size_t *ret_n)
{
        size_t n_records = 0;

        for (size_t i = 0; i < n; i++)
                n_records += text[i] == '\0';
        _cleanup_free_ char **records = calloc(n_records + 1, sizeof(*records));
        if (!records)
                return -ENOMEM;
        *ret_n = 0;
        for (char *p = text; p < text + n; p += strlen(p) + 1) {
                char clean[TAR_PATH_MAX + 1];

                if ((*p != '+' && *p != '-') || tar_path_clean(p + 1, clean, NULL) < 0 ||
                    !streq(p + 1, clean))
                        return -EBADMSG;
                records[(*ret_n)++] = p;
        }
        *ret = TAKE_PTR(records);
        return 0;
}

int implied_read(int dirfd, char ***ret)
{
        _cleanup_strv_free_ char **paths = NULL;
        _cleanup_free_ char **records = NULL, *text = NULL;
        size_t n, n_records;

        int r = read_file_at(dirfd, LAYER_IMPLIED, IMPLIED_BYTES_MAX, &text, &n);
        if (r == -ENOENT) {
                *ret = NULL;
                return 0;
        }
        if (r >= 0 && n > 0 && text[n - 1] != '\0')
                r = -EBADMSG;
        if (r >= 0)
                r = split(text, n, &records, &n_records);
        if (r < 0)
                return r;
        qsort(records, n_records, sizeof(*records), compare);
        size_t n_paths = 0;
        paths = calloc(n_records + 1, sizeof(*paths)); /* strv_push() would copy them n times */
        if (!paths)
                return -ENOMEM;
        for (size_t i = 0; i < n_records; i++) {
                bool last = i + 1 == n_records || !streq(records[i] + 1, records[i + 1] + 1);

                if (last && records[i][0] == '+' && !(paths[n_paths++] = strdup(records[i] + 1)))
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(paths);
        return 0;
}
