/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The writer; tar-map-read.c has the reader. */
#include "image/tar-map.h"

#include "base/io.h"
#include "image/layer.h"

#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <zstd.h>

#define RAW_MAX    (64U << 10) /* collected before it becomes a record */
#define OUTPUT_MAX (64U << 10)
#define LEVEL      1
#define COPY_MAX   (1U << 30)

struct TarMapWriter {
        int fd, dirfd, kept;
        ZSTD_CCtx *context;
        size_t n_raw;
        uint8_t raw[RAW_MAX], output[OUTPUT_MAX];
};

static int compress(TarMapWriter *w, const void *data, size_t n, ZSTD_EndDirective how,
                    Fault *reterr)
{
        ZSTD_inBuffer in = {.src = data, .size = n};
        size_t left;

        do {
                ZSTD_outBuffer out = {.dst = w->output, .size = sizeof(w->output)};

                left = ZSTD_compressStream2(w->context, &out, &in, how);
                if (ZSTD_isError(left))
                        return fault_set(reterr, FAULT_FAILED, ENOMEM,
                                         "cannot compress the map: %s", ZSTD_getErrorName(left));
                int r = write_all(w->fd, w->output, out.pos);
                if (r < 0)
                        return stream_fault(reterr, r, "cannot write " LAYER_MAP);
        } while (in.pos < in.size || (how == ZSTD_e_end && left > 0));
        return 0;
}

int tar_map_writer_new(int fd, int kept, TarMapWriter **ret)
{
        _cleanup_tar_map_writer_ TarMapWriter *w = calloc(1, sizeof(*w));

        if (!w)
                return -ENOMEM;
        w->fd = fd;
        w->dirfd = kept;
        w->kept = -EBADF;
        w->context = ZSTD_createCCtx();
        if (!w->context ||
            ZSTD_isError(ZSTD_CCtx_setParameter(w->context, ZSTD_c_compressionLevel, LEVEL)))
                return -ENOMEM;
        int r = compress(w, TAR_MAP_MAGIC, sizeof(TAR_MAP_MAGIC) - 1, ZSTD_e_continue, NULL);
        if (r >= 0)
                *ret = TAKE_PTR(w);
        return r;
}

TarMapWriter *tar_map_writer_free(TarMapWriter *w)
{
        if (w) {
                (void)ZSTD_freeCCtx(w->context);
                (void)close_fd(w->kept);
        }
        free(w);
        return NULL;
}

static size_t put_number(uint8_t *p, uint64_t value)
{
        size_t n = 0;

        for (; value >= 0x80; value >>= 7)
                p[n++] = (uint8_t)(value | 0x80);
        p[n++] = (uint8_t)value;
        return n;
}

static int record(TarMapWriter *w, char letter, const void *data, size_t n, Fault *reterr)
{
        uint8_t head[16] = {(uint8_t)letter};

        int r = compress(w, head, 1 + put_number(head + 1, n), ZSTD_e_continue, reterr);
        return r < 0 ? r : compress(w, data, n, ZSTD_e_continue, reterr);
}

static int flush_raw(TarMapWriter *w, Fault *reterr)
{
        size_t n = w->n_raw;

        w->n_raw = 0;
        return n > 0 ? record(w, 'R', w->raw, n, reterr) : 0;
}

int tar_map_writer_raw(TarMapWriter *w, const void *data, size_t n, Fault *reterr)
{
        const uint8_t *p = data;

        while (n > 0) {
                size_t part = MIN2(n, sizeof(w->raw) - w->n_raw);
                memcpy(w->raw + w->n_raw, p, part);
                w->n_raw += part;
                p += part;
                n -= part;
                int r = w->n_raw == sizeof(w->raw) ? flush_raw(w, reterr) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

static int put_numbers(TarMapWriter *w, const uint64_t *numbers, size_t n, Fault *reterr)
{
        uint8_t bytes[32];
        size_t k = 0;

        for (size_t i = 0; i < n; i++)
                k += put_number(bytes + k, numbers[i]);
        return compress(w, bytes, k, ZSTD_e_continue, reterr);
}

int tar_map_writer_file(TarMapWriter *w, const char *path, const TarEntry *e, Fault *reterr)
{
        int r = flush_raw(w, reterr);

        if (r >= 0)
                r = record(w, e->sparse ? 'S' : 'F', path, strlen(path), reterr);
        const uint64_t size[] = {e->size, e->n_extents};
        if (r >= 0)
                r = put_numbers(w, size, e->sparse ? 2 : 1, reterr);
        for (size_t i = 0; r >= 0 && e->sparse && i < e->n_extents; i++) {
                const uint64_t extent[] = {e->extents[i].offset, e->extents[i].n};
                r = put_numbers(w, extent, 2, reterr);
        }
        return r;
}

int tar_map_writer_link(TarMapWriter *w, const char *path, Fault *reterr)
{
        int r = flush_raw(w, reterr);

        return r < 0 ? r : record(w, 'L', path, strlen(path), reterr);
}

int tar_map_writer_end(TarMapWriter *w, Fault *reterr)
{
        int r = flush_raw(w, reterr);

        return r < 0 ? r : compress(w, "E", 1, ZSTD_e_end, reterr);
}

static int copy_range(int from, loff_t at, int to, uint64_t n)
{
        while (n > 0) {
                ssize_t k = copy_file_range(from, &at, to, NULL,
                                            n < COPY_MAX ? (size_t)n : COPY_MAX, 0);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0)
                        return k < 0 ? -errno : -ENODATA;
                n -= (uint64_t)k;
        }
        return 0;
}

/* Its data, behind what @to has, with the holes it has. */
static int copy_sparse(int from, uint64_t size, int to)
{
        off_t begin = lseek(to, 0, SEEK_CUR), data = 0;

        if (begin < 0)
                return -errno;
        while ((uint64_t)data < size) {
                data = lseek(from, data, SEEK_DATA);
                if (data < 0 && errno == ENXIO) /* nothing but a hole is left */
                        break;
                off_t hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
                if (hole < 0 || lseek(to, begin + data, SEEK_SET) < 0)
                        return -errno;
                int r = copy_range(from, data, to, (uint64_t)(hole - data));
                if (r < 0)
                        return r;
                data = hole;
        }
        off_t end = begin + (off_t)size;
        return ftruncate(to, end) < 0 || lseek(to, end, SEEK_SET) < 0 ? -errno : 0;
}

int tar_map_writer_keep(TarMapWriter *w, const char *path, int fd, Fault *reterr)
{
        TarKept head = {.n_path = htole64(strlen(path))};
        struct stat st;
        int r = 0;

        memcpy(head.magic, TAR_KEPT_MAGIC, sizeof(head.magic));
        if (w->kept < 0)
                w->kept = openat(w->dirfd, LAYER_KEPT, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (w->kept < 0 || fstat(fd, &st) < 0)
                return stream_fault(reterr, errno, "cannot make " LAYER_KEPT);
        head.size = htole64((uint64_t)st.st_size);
        r = write_all(w->kept, &head, sizeof(head));
        if (r >= 0)
                r = write_all(w->kept, path, strlen(path));
        if (r >= 0)
                r = copy_sparse(fd, (uint64_t)st.st_size, w->kept);
        return r < 0 ? stream_fault(reterr, r, "cannot write " LAYER_KEPT) : 0;
}
