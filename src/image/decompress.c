/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/decompress.h"

#include "base/text.h"
#include "image/decompressor.h"

#include <string.h>

#define MAGIC_MAX   13 /* as far as lzma has to be looked into */
#define BUFFER_SIZE (256U << 10)

struct Decompress {
        ByteSource in;
        uint8_t magic[MAGIC_MAX]; /* the beginning, read to learn what it is */
        size_t n_magic;
        bool magic_given;
        const uint8_t *rest; /* of the run in which the magic ended */
        size_t n_rest;
        ByteSource whole; /* all of it again */
        Compression kind;
        Decompressor decompressor;
        uint8_t *buffer; /* of decompress_source() */
};

static const struct {
        const char *name;
        size_t n_magic;
        const char *magic;
} kinds[_COMPRESSION_MAX] = {
        [COMPRESSION_ANY] = {"any", 0, ""},
        [COMPRESSION_NONE] = {"none", 0, ""},
        [COMPRESSION_GZIP] = {"gzip", 3, "\x1f\x8b\x08"},
        [COMPRESSION_ZSTD] = {"zstd", 4, "\x28\xb5\x2f\xfd"},
        [COMPRESSION_XZ] = {"xz", 6,
                            "\xfd"
                            "7zXZ\0"},
        [COMPRESSION_BZIP2] = {"bzip2", 3, "BZh"},
        [COMPRESSION_LZ4] = {"lz4", 4, "\x04\x22\x4d\x18"},
        [COMPRESSION_LZMA] = {"lzma", 3, "\x5d\0\0"},
};

const char *compression_name(Compression c)
{
        return (unsigned)c < _COMPRESSION_MAX ? kinds[c].name : NULL;
}

int compression_from_name(const char *name, Compression *ret)
{
        for (unsigned i = 0; i < _COMPRESSION_MAX; i++) {
                if (streq(name, kinds[i].name)) {
                        *ret = (Compression)i;
                        return 0;
                }
        }
        return -EINVAL;
}

int compression_of_media_type(const char *media_type, Compression *ret, Fault *reterr)
{
        static const char *const stems[] = {
                "application/vnd.oci.image.layer.v1.tar",
                "application/vnd.oci.image.layer.nondistributable.v1.tar",
                "application/vnd.docker.image.rootfs.diff.tar",
                "application/vnd.docker.image.rootfs.foreign.diff.tar",
        };
        static const struct {
                const char *suffix;
                Compression kind;
        } suffixes[] = {
                {"", COMPRESSION_NONE},      {"+gzip", COMPRESSION_GZIP},
                {"+zstd", COMPRESSION_ZSTD}, {".gzip", COMPRESSION_GZIP},
                {".zstd", COMPRESSION_ZSTD},
        };

        for (size_t i = 0; i < ELEMENTSOF(stems); i++) {
                size_t n = strlen(stems[i]);

                for (size_t k = 0;
                     strncmp(media_type, stems[i], n) == 0 && k < ELEMENTSOF(suffixes); k++) {
                        if (streq(media_type + n, suffixes[k].suffix)) {
                                *ret = suffixes[k].kind;
                                return 0;
                        }
                }
        }
        _cleanup_free_ char *shown = text_for_display(media_type, 100);
        return fault_set(reterr, FAULT_NOT_SUPPORTED, EINVAL,
                         "'%s' is no kind of layer that is known", shown ? shown : "?");
}

static int whole_next(void *userdata, const uint8_t **ret, size_t *ret_n, Fault *reterr)
{
        Decompress *d = userdata;

        if (!d->magic_given && d->n_magic > 0) {
                d->magic_given = true;
                *ret = d->magic;
                *ret_n = d->n_magic;
                return 1;
        }
        if (d->n_rest > 0) {
                *ret = d->rest;
                *ret_n = d->n_rest;
                d->n_rest = 0;
                return 1;
        }
        return d->in.next(d->in.userdata, ret, ret_n, reterr);
}

static int read_magic(Decompress *d, Fault *reterr)
{
        while (d->n_magic < MAGIC_MAX) {
                int r = d->in.next(d->in.userdata, &d->rest, &d->n_rest, reterr);
                if (r < 0)
                        return r;
                if (r == 0) {
                        d->n_rest = 0;
                        break;
                }
                size_t n = MIN2(d->n_rest, MAGIC_MAX - d->n_magic);
                memcpy(d->magic + d->n_magic, d->rest, n);
                d->n_magic += n;
                d->rest += n;
                d->n_rest -= n;
        }
        if (d->n_magic == 0)
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "it is empty");
        return 0;
}

/* An lzma stream has no magic: its first bytes are also those of a name in a tar archive, "]". */
static bool is_lzma(const Decompress *d)
{
        bool unknown_size = true;

        for (size_t i = 5; i < 13; i++)
                unknown_size = unknown_size && d->n_magic > i && d->magic[i] == 0xff;
        return unknown_size || (d->n_magic >= MAGIC_MAX && d->magic[11] == 0 && d->magic[12] == 0 &&
                                (d->magic[5] || d->magic[6] || d->magic[7] || d->magic[8]));
}

static Compression kind_of(const Decompress *d)
{
        for (unsigned i = 0; i < _COMPRESSION_MAX; i++) {
                size_t n = kinds[i].n_magic;

                if (n > 0 && d->n_magic >= n && memcmp(d->magic, kinds[i].magic, n) == 0 &&
                    (i != COMPRESSION_LZMA || is_lzma(d)))
                        return (Compression)i;
        }
        /* zstd's skippable frames, which zstd:chunked may begin with */
        if (d->n_magic >= 4 && (d->magic[0] & 0xf0) == 0x50 && d->magic[1] == 0x2a &&
            d->magic[2] == 0x4d && d->magic[3] == 0x18)
                return COMPRESSION_ZSTD;
        return COMPRESSION_NONE;
}

static int choose(Decompress *d, Compression expected, Fault *reterr)
{
        int r;

        d->kind = kind_of(d);
        if (expected != COMPRESSION_ANY && expected != d->kind)
                return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                 "it should be compressed with '%s' but is with '%s'",
                                 kinds[expected].name, kinds[d->kind].name);
        if (d->kind == COMPRESSION_GZIP)
                r = decompressor_gzip(&d->whole, &d->decompressor);
        else if (d->kind == COMPRESSION_ZSTD)
                r = decompressor_zstd(&d->whole, &d->decompressor);
        else if (d->kind == COMPRESSION_NONE)
                r = decompressor_plain(&d->whole, &d->decompressor);
        else
                r = decompressor_archive(&d->whole, d->kind, &d->decompressor);
        if (r < 0)
                return stream_fault(reterr, r, "cannot decompress %s", kinds[d->kind].name);
        return 0;
}

int decompress_new(const ByteSource *in, Compression expected, Decompress **ret, Fault *reterr)
{
        _cleanup_decompress_ Decompress *d = calloc(1, sizeof(*d));

        if (!d)
                return stream_fault(reterr, ENOMEM, "cannot decompress");
        d->in = *in;
        d->whole = (ByteSource){.next = whole_next, .userdata = d};
        int r = read_magic(d, reterr);
        if (r >= 0)
                r = choose(d, expected, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(d);
        return 0;
}

Decompress *decompress_free(Decompress *d)
{
        if (d) {
                if (d->decompressor.free)
                        d->decompressor.free(d->decompressor.state);
                free(d->buffer);
        }
        free(d);
        return NULL;
}

Compression decompress_kind(const Decompress *d)
{
        return d->kind;
}

int decompress_into(Decompress *d, uint8_t *data, size_t n, size_t *ret_n, Fault *reterr)
{
        return d->decompressor.into(d->decompressor.state, data, n, ret_n, reterr);
}

static int source_next(void *userdata, const uint8_t **ret, size_t *ret_n, Fault *reterr)
{
        Decompress *d = userdata;

        if (!d->buffer && !(d->buffer = malloc(BUFFER_SIZE)))
                return stream_fault(reterr, ENOMEM, "cannot decompress");
        *ret = d->buffer;
        int r = decompress_into(d, d->buffer, BUFFER_SIZE, ret_n, reterr);
        return r < 0 ? r : *ret_n > 0;
}

ByteSource decompress_source(Decompress *d)
{
        if (d->kind == COMPRESSION_NONE) /* as it comes, however slowly */
                return d->whole;
        return (ByteSource){.next = source_next, .userdata = d};
}

typedef struct Plain {
        const ByteSource *in;
        const uint8_t *data;
        size_t n;
} Plain;

static int plain_into(void *state, uint8_t *data, size_t n, size_t *ret_n, Fault *reterr)
{
        Plain *p = state;
        size_t done = 0;

        while (done < n) {
                int r = p->n > 0 ? 1 : p->in->next(p->in->userdata, &p->data, &p->n, reterr);
                if (r < 0)
                        return r;
                if (r == 0)
                        break;
                size_t k = MIN2(p->n, n - done);
                memcpy(data + done, p->data, k);
                done += k;
                p->data += k;
                p->n -= k;
        }
        *ret_n = done;
        return 0;
}

int decompressor_plain(const ByteSource *in, Decompressor *ret)
{
        Plain *p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        p->in = in;
        *ret = (Decompressor){.into = plain_into, .free = free, .state = p};
        return 0;
}
