/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/file-copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

#define STEP_MAX   (16U << 20) /* so that progress is seen */
#define BUFFER_MAX (256U << 10)
#define BLOCK      4096U

/* Where the kernel cannot do it: other file systems, pipes, old kernels. */
static ssize_t copy_by_hand(int from, int to, off_t at, size_t n)
{
        _cleanup_free_ uint8_t *buffer = malloc(BUFFER_MAX);
        ssize_t k;

        if (!buffer)
                return -ENOMEM;
        do
                k = pread(from, buffer, MIN2(n, BUFFER_MAX), at);
        while (k < 0 && errno == EINTR);
        if (k <= 0)
                return k < 0 ? -errno : 0;
        for (ssize_t done = 0; done < k;) {
                ssize_t w = pwrite(to, buffer + done, (size_t)(k - done), at + done);

                if (w < 0 && errno == EINTR)
                        continue;
                if (w < 0)
                        return -errno;
                done += w;
        }
        return k;
}

static ssize_t copy_step(int from, int to, off_t at, size_t n)
{
        off_t in = at, out = at;

        n = MIN2(n, STEP_MAX);
        ssize_t k = copy_file_range(from, &in, to, &out, n, 0);
        if (k >= 0)
                return k;
        if (errno != EXDEV && errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS &&
            errno != EPERM)
                return -errno;
        return copy_by_hand(from, to, at, n);
}

static int copy_run(int from, int to, off_t at, off_t end, ProgressItem *item)
{
        while (at < end) {
                ssize_t k = copy_step(from, to, at, (size_t)(end - at));

                if (k < 0)
                        return (int)k;
                if (k == 0)
                        return -ESTALE;
                at += k;
                progress_item_add(item, (uint64_t)k);
        }
        return 0;
}

int file_copy(int from, int to, uint64_t size, ProgressItem *item)
{
        off_t at = 0, end = (off_t)size, hole;
        int r = 0;

        if (ioctl(to, FICLONE, from) == 0) {
                progress_item_add(item, size);
                return 0;
        }
        if (ftruncate(to, end) < 0)
                return -errno;
        while (at < end && r >= 0) {
                off_t data = lseek(from, at, SEEK_DATA);

                if (data < 0 && errno == ENXIO) /* nothing but a hole to the end */
                        data = end;
                if (data < 0) /* a file system that has no holes */
                        data = at;
                data = MIN2(data, end);
                progress_item_add(item, (uint64_t)(data - at));
                hole = data < end ? lseek(from, data, SEEK_HOLE) : end;
                if (hole <= data || hole > end)
                        hole = end;
                r = copy_run(from, to, data, hole, item);
                at = hole;
        }
        return r;
}

static int write_at(int to, const uint8_t *data, size_t n, uint64_t at)
{
        while (n > 0) {
                ssize_t k = pwrite(to, data, n, (off_t)at);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return -errno;
                data += k;
                n -= (size_t)k;
                at += (uint64_t)k;
        }
        return 0;
}

/* How many bytes from here are of one kind: all in blocks of zeros, or all in blocks with data.
 * Blocks are those of the file. */
static size_t same_kind(const uint8_t *data, size_t n, uint64_t at, bool *ret_zeros)
{
        static const uint8_t zeros[BLOCK];
        size_t done = 0;

        while (done < n) {
                size_t k = MIN2(n - done, BLOCK - (at + done) % BLOCK);
                bool empty = memcmp(data + done, zeros, k) == 0;

                if (done > 0 && empty != *ret_zeros)
                        break;
                *ret_zeros = empty;
                done += k;
        }
        return done;
}

int file_write_sparse(int to, const ByteSource *source, uint64_t max, Fault *reterr)
{
        const uint8_t *data;
        uint64_t at = 0;
        size_t n;
        int r;

        while ((r = source->next(source->userdata, &data, &n, reterr)) > 0) {
                if (n > max - at)
                        return -EFBIG;
                while (n > 0 && r >= 0) {
                        bool zeros = false;
                        size_t k = same_kind(data, n, at, &zeros);

                        r = zeros ? 0 : write_at(to, data, k, at);
                        data += k;
                        n -= k;
                        at += k;
                }
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        return ftruncate(to, (off_t)at) < 0 ? -errno : 0;
}
