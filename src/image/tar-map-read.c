/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/decompress.h"
#include "image/tar-map.h"

#include <string.h>

typedef struct MapReader {
        ByteSource plain;
        const uint8_t *run;
        size_t n_run;
        const TarMapVisitor *visitor;
} MapReader;

static int damaged(Fault *reterr)
{
        return fault_set(reterr, FAULT_FAILED, EBADMSG, "the layer's map is damaged");
}

/* 1: bytes in m->run; 0: the end */
static int fill(MapReader *m, Fault *reterr)
{
        return m->n_run > 0 ? 1 : m->plain.next(m->plain.userdata, &m->run, &m->n_run, reterr);
}

static int take_byte(MapReader *m, uint8_t *ret, Fault *reterr)
{
        int r = fill(m, reterr);

        if (r <= 0)
                return r < 0 ? r : damaged(reterr);
        *ret = *m->run++;
        m->n_run--;
        return 0;
}

static int take(MapReader *m, void *data, size_t n, Fault *reterr)
{
        for (size_t done = 0; done < n;) {
                int r = fill(m, reterr);
                if (r <= 0)
                        return r < 0 ? r : damaged(reterr);
                size_t part = MIN2(n - done, m->n_run);
                memcpy((uint8_t *)data + done, m->run, part);
                m->run += part;
                m->n_run -= part;
                done += part;
        }
        return 0;
}

static int take_number(MapReader *m, uint64_t max, uint64_t *ret, Fault *reterr)
{
        uint64_t value = 0;
        uint8_t byte = 0x80;

        for (unsigned shift = 0; byte & 0x80; shift += 7) {
                int r = shift < 63 ? take_byte(m, &byte, reterr) : damaged(reterr);
                if (r < 0)
                        return r;
                value |= (uint64_t)(byte & 0x7f) << shift;
        }
        *ret = value;
        return value <= max ? 0 : damaged(reterr);
}

static int take_raw(MapReader *m, Fault *reterr)
{
        uint64_t n;
        int r = take_number(m, INT64_MAX, &n, reterr);

        while (r >= 0 && n > 0) {
                r = fill(m, reterr);
                if (r <= 0)
                        return r < 0 ? r : damaged(reterr);
                size_t part = n < m->n_run ? (size_t)n : m->n_run;
                r = m->visitor->raw(m->visitor->userdata, m->run, part, reterr);
                m->run += part;
                m->n_run -= part;
                n -= part;
        }
        return r;
}

static int take_extents(MapReader *m, TarEntry *e, Fault *reterr)
{
        uint64_t n, offset, length;
        int r = take_number(m, TAR_EXTENTS_MAX, &n, reterr);

        e->sparse = true;
        for (uint64_t i = 0; r >= 0 && i < n; i++) {
                r = take_number(m, INT64_MAX, &offset, reterr);
                if (r >= 0)
                        r = take_number(m, INT64_MAX, &length, reterr);
                if (r >= 0 &&
                    (tar_entry_add_extent(e, offset, length) < 0 || offset + length > e->size))
                        r = damaged(reterr);
        }
        return r;
}

static int take_file(MapReader *m, uint8_t letter, Fault *reterr)
{
        _cleanup_tar_entry_ TarEntry e = {.type = letter == 'L' ? TAR_HARDLINK : TAR_REGULAR};
        char clean[TAR_PATH_MAX + 1];
        uint64_t n;

        int r = take_number(m, TAR_PATH_MAX, &n, reterr);
        if (r < 0)
                return r;
        e.path = calloc(1, (size_t)n + 1);
        if (!e.path)
                return fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        r = take(m, e.path, (size_t)n, reterr);
        if (r >= 0 && (tar_path_clean(e.path, clean, NULL) <= 0 || strlen(clean) != n))
                r = damaged(reterr);
        if (r >= 0 && letter != 'L')
                r = take_number(m, INT64_MAX, &e.size, reterr);
        if (r >= 0 && letter == 'S')
                r = take_extents(m, &e, reterr);
        return r < 0 ? r : m->visitor->file(m->visitor->userdata, &e, reterr);
}

static int take_records(MapReader *m, Fault *reterr)
{
        char magic[sizeof(TAR_MAP_MAGIC) - 1];
        int r = take(m, magic, sizeof(magic), reterr);

        if (r >= 0 && memcmp(magic, TAR_MAP_MAGIC, sizeof(magic)) != 0)
                r = damaged(reterr);
        while (r >= 0) {
                uint8_t letter = 0;

                r = take_byte(m, &letter, reterr);
                if (r < 0)
                        break;
                if (letter == 'E')
                        return fill(m, reterr) == 0 ? 0 : damaged(reterr);
                if (letter == 'R')
                        r = take_raw(m, reterr);
                else if (letter == 'F' || letter == 'S' || letter == 'L')
                        r = take_file(m, letter, reterr);
                else
                        r = damaged(reterr);
        }
        return r;
}

int tar_map_read(const ByteSource *source, const TarMapVisitor *visitor, Fault *reterr)
{
        _cleanup_decompress_ Decompress *d = NULL;

        int r = decompress_new(source, COMPRESSION_ZSTD, &d, reterr);
        if (r < 0)
                return r;
        MapReader m = {.plain = decompress_source(d), .visitor = visitor};
        return take_records(&m, reterr);
}
