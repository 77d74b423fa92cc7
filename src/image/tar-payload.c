/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/tar-payload.h"

#include "base/io.h"

#include <string.h>

static int cannot_write(const TarEntry *e, int error, Fault *reterr)
{
        return tar_fault(reterr, -error, e->path, "cannot be written: %s", strerror(-error));
}

static int write_at(int fd, const uint8_t *data, size_t n, uint64_t offset)
{
        while (n > 0) {
                ssize_t k = pwrite(fd, data, n, (off_t)offset);

                if (k < 0 && errno != EINTR)
                        return -errno;
                if (k > 0) {
                        data += k;
                        offset += (uint64_t)k;
                        n -= (size_t)k;
                }
        }
        return 0;
}

static int write_sparse(TarReader *reader, const TarEntry *e, int fd, Fault *reterr)
{
        const uint8_t *data = NULL;
        size_t n = 0;
        int r = ftruncate(fd, (off_t)e->size) < 0 ? -errno : 0;

        for (size_t i = 0; r >= 0 && i < e->n_extents; i++) {
                uint64_t at = e->extents[i].offset, left = e->extents[i].n;

                while (r >= 0 && left > 0) {
                        if (n == 0) {
                                r = tar_reader_payload(reader, &data, &n, reterr);
                                if (r < 0)
                                        return r;
                        }
                        size_t part = left < n ? (size_t)left : n;
                        r = write_at(fd, data, part, at);
                        data += part;
                        n -= part;
                        at += part;
                        left -= part;
                }
        }
        return r < 0 ? cannot_write(e, r, reterr) : 0;
}

static int write_whole(TarReader *reader, const TarEntry *e, int fd, Fault *reterr)
{
        const uint8_t *data;
        size_t n;
        int r;

        while ((r = tar_reader_payload(reader, &data, &n, reterr)) > 0) {
                r = write_all(fd, data, n);
                if (r < 0)
                        return cannot_write(e, r, reterr);
        }
        return r;
}

int tar_payload_write(TarReader *r, const TarEntry *e, int fd, Fault *reterr)
{
        return e->sparse ? write_sparse(r, e, fd, reterr) : write_whole(r, e, fd, reterr);
}
