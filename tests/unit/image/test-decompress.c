/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams as other programs write them, cut, damaged, lengthened and too greedy; and what we write
 * ourselves. */
#include "base/text.h"
#include "image/compress.h"
#include "unit/image/archive.h"
#include "unit/test.h"

#include <zstd.h>

/* A source that hands out @step bytes at a time. */
typedef struct Slow {
        const uint8_t *data;
        size_t n, step;
} Slow;

static int slow_next(void *userdata, const uint8_t **ret, size_t *ret_n, Fault *reterr)
{
        Slow *s = userdata;

        *ret = s->data;
        *ret_n = MIN2(s->n, s->step);
        s->data += *ret_n;
        s->n -= *ret_n;
        return *ret_n > 0;
}

/* All of it into @ret. */
static int decompress(const uint8_t *data, size_t n, size_t step, Compression expected,
                      Archive *ret, Fault *fault)
{
        Slow slow = {.data = data, .n = n, .step = step};
        const ByteSource in = {.next = slow_next, .userdata = &slow};
        _cleanup_decompress_ Decompress *d = NULL;
        const uint8_t *run;
        size_t n_run;

        int r = decompress_new(&in, expected, &d, fault);
        if (r < 0)
                return r;
        CHECK(expected == COMPRESSION_ANY || decompress_kind(d) == expected);
        ByteSource out = decompress_source(d);
        while ((r = out.next(out.userdata, &run, &n_run, fault)) > 0)
                archive_bytes(ret, run, n_run);
        return r;
}

static void gives(const uint8_t *data, size_t n, Compression kind, const char *expected)
{
        static const size_t steps[] = {1, 3, 1U << 20};

        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                _cleanup_archive_ Archive plain = {0};
                _cleanup_fault_ Fault fault = {0};

                if (decompress(data, n, steps[i], kind, &plain, &fault) < 0)
                        (void)fprintf(stderr, "%s: %s\n", compression_name(kind), fault.message);
                archive_bytes(&plain, "", 1);
                CHECK_STRING((char *)plain.data, expected);
                CHECK(fault.code == FAULT_NONE);
        }
}

static void refused(const uint8_t *data, size_t n, Compression kind, int error, const char *words)
{
        _cleanup_archive_ Archive plain = {0};
        _cleanup_fault_ Fault fault = {0};

        CHECK_NUMBER(decompress(data, n, 7, kind, &plain, &fault), -error);
        if (!strstr(fault.message, words))
                CHECK_STRING(fault.message, words);
}

/* "hello, layer\n" as gzip, bzip2, xz, lz4, zstd and lzma write it */
static const uint8_t gzip[] = {
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb,
        0x48, 0xcd, 0xc9, 0xc9, 0xd7, 0x51, 0xc8, 0x49, 0xac, 0x4c, 0x2d,
        0xe2, 0x02, 0x00, 0x33, 0x31, 0x4d, 0xe6, 0x0d, 0x00, 0x00, 0x00,
};
static const uint8_t bzip2[] = {
        0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, 0x86, 0xdd, 0xac,
        0x0a, 0x00, 0x00, 0x03, 0x51, 0x80, 0x00, 0x10, 0x40, 0x04, 0x22, 0x44, 0x90,
        0x20, 0x20, 0x00, 0x31, 0x00, 0x30, 0x20, 0x03, 0xd2, 0x14, 0x02, 0xde, 0x58,
        0xd0, 0xbc, 0x5d, 0xc9, 0x14, 0xe1, 0x42, 0x42, 0x1b, 0x76, 0xb0, 0x28,
};
static const uint8_t xz[] = {
        0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21,
        0x01, 0x16, 0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0x01, 0x00, 0x0c, 0x68, 0x65, 0x6c,
        0x6c, 0x6f, 0x2c, 0x20, 0x6c, 0x61, 0x79, 0x65, 0x72, 0x0a, 0x00, 0x00, 0x00, 0x00, 0xb6,
        0x8b, 0xb8, 0xa4, 0x77, 0xef, 0x98, 0xea, 0x00, 0x01, 0x25, 0x0d, 0x71, 0x19, 0xc4, 0xb6,
        0x1f, 0xb6, 0xf3, 0x7d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5a,
};
static const uint8_t lz4[] = {
        0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7, 0x0d, 0x00, 0x00, 0x80,
        0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x2c, 0x20, 0x6c, 0x61, 0x79, 0x65,
        0x72, 0x0a, 0x00, 0x00, 0x00, 0x00, 0xbc, 0xe1, 0x24, 0xc7,
};
static const uint8_t zstd[] = {
        0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x69, 0x00, 0x00, 0x68, 0x65, 0x6c, 0x6c,
        0x6f, 0x2c, 0x20, 0x6c, 0x61, 0x79, 0x65, 0x72, 0x0a, 0x82, 0xb5, 0xa9, 0x70,
};
static const uint8_t lzma[] = {
        0x5d, 0x00, 0x00, 0x80, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0x00, 0x34, 0x19, 0x49, 0xee, 0x8d, 0xef, 0x8c, 0x6a, 0x55, 0x86, 0x95, 0xf0,
        0xa0, 0xa5, 0x66, 0x21, 0x4e, 0xff, 0xff, 0x23, 0xdc, 0x00, 0x00,
};
static const char hello[] = "hello, layer\n";

static void test_kinds(void)
{
        static const uint8_t skippable[] = {0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'x', 'y', 'z'};
        _cleanup_archive_ Archive a = {0};

        gives(gzip, sizeof(gzip), COMPRESSION_GZIP, hello);
        gives(bzip2, sizeof(bzip2), COMPRESSION_BZIP2, hello);
        gives(xz, sizeof(xz), COMPRESSION_XZ, hello);
        gives(lz4, sizeof(lz4), COMPRESSION_LZ4, hello);
        gives(zstd, sizeof(zstd), COMPRESSION_ZSTD, hello);
        gives(lzma, sizeof(lzma), COMPRESSION_LZMA, hello);
        gives((const uint8_t *)hello, 13, COMPRESSION_NONE, hello);
        gives((const uint8_t *)hello, 1, COMPRESSION_NONE, "h");
        gives(gzip, sizeof(gzip), COMPRESSION_ANY, hello);
        archive_bytes(&a, skippable, sizeof(skippable));
        archive_bytes(&a, zstd, sizeof(zstd));
        archive_bytes(&a, skippable, sizeof(skippable));
        archive_bytes(&a, zstd, sizeof(zstd));
        gives(a.data, a.n, COMPRESSION_ZSTD, "hello, layer\nhello, layer\n");
}

static void test_members(void)
{
        _cleanup_archive_ Archive a = {0};

        archive_bytes(&a, gzip, sizeof(gzip));
        archive_bytes(&a, gzip, sizeof(gzip));
        gives(a.data, a.n, COMPRESSION_GZIP, "hello, layer\nhello, layer\n");
        archive_zeros(&a, 1000);
        gives(a.data, a.n, COMPRESSION_GZIP, "hello, layer\nhello, layer\n");
        archive_bytes(&a, "garbage", 7);
        refused(a.data, a.n, COMPRESSION_GZIP, EBADMSG, "bytes follow the end of the gzip stream");
        a.n = sizeof(gzip);
        archive_bytes(&a, "\x1f\x8c", 2);
        refused(a.data, a.n, COMPRESSION_GZIP, EBADMSG, "gzip stream");
        a.n = 0;
        archive_bytes(&a, zstd, sizeof(zstd));
        archive_bytes(&a, "garbage", 7);
        refused(a.data, a.n, COMPRESSION_ZSTD, EBADMSG, "the zstd stream is damaged");
}

static void test_damage(void)
{
        static const struct {
                const uint8_t *data;
                size_t n;
                Compression kind;
        } streams[] = {
                {gzip, sizeof(gzip), COMPRESSION_GZIP},
                {zstd, sizeof(zstd), COMPRESSION_ZSTD},
                {xz, sizeof(xz), COMPRESSION_XZ},
        };
        uint8_t copy[256];

        refused((const uint8_t *)"", 0, COMPRESSION_ANY, EBADMSG, "it is empty");
        refused(gzip, sizeof(gzip), COMPRESSION_ZSTD, EBADMSG,
                "it should be compressed with 'zstd' but is with 'gzip'");
        refused((const uint8_t *)hello, 13, COMPRESSION_GZIP, EBADMSG, "but is with 'none'");
        for (size_t i = 0; i < ELEMENTSOF(streams); i++) {
                for (size_t n = 8; n < streams[i].n; n++)
                        refused(streams[i].data, n, streams[i].kind, EBADMSG, "stream is");
        }
        memcpy(copy, gzip, sizeof(gzip));
        copy[sizeof(gzip) - 5] ^= 1; /* its checksum */
        refused(copy, sizeof(gzip), COMPRESSION_GZIP, EBADMSG, "its checksum is another");
        memcpy(copy, zstd, sizeof(zstd));
        copy[sizeof(zstd) - 1] ^= 1;
        refused(copy, sizeof(zstd), COMPRESSION_ZSTD, EBADMSG, "the zstd stream is damaged");
}

/* A window of 2 GiB in a frame of a few bytes. */
static void test_window(void)
{
        static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, (31 - 10) << 3, 1, 0, 0};
        static const uint8_t fits[] = {0x28,           0xb5, 0x2f, 0xfd, 0x00,
                                       (27 - 10) << 3, 0x09, 0,    0,    'x'};

        refused(frame, sizeof(frame), COMPRESSION_ZSTD, EFBIG,
                "wants a window of more than 128 MiB");
        gives(fits, sizeof(fits), COMPRESSION_ZSTD, "x");
}

static int collect(void *userdata, const void *data, size_t n, Fault *reterr)
{
        archive_bytes(userdata, data, n);
        return 0;
}

static void round_trip(Compression kind, const Archive *plain)
{
        _cleanup_compress_ Compress *c = NULL;
        _cleanup_archive_ Archive small = {0}, again = {0};
        _cleanup_fault_ Fault fault = {0};
        const ByteSink out = {.write = collect, .userdata = &small};
        char digest[DIGEST_TEXT_MAX], expected[DIGEST_TEXT_MAX];
        uint64_t n;

        CHECK(compress_new(kind, &out, &c, &fault) >= 0);
        ByteSink in = compress_sink(c);
        for (size_t at = 0; at < plain->n; at += 77777)
                CHECK(in.write(in.userdata, plain->data + at, MIN2(plain->n - at, 77777U),
                               &fault) >= 0);
        CHECK(compress_end(c, digest, &n, &fault) >= 0);
        CHECK_NUMBER(n, small.n);
        CHECK(digest_of(small.data, small.n, expected) >= 0);
        CHECK_STRING(digest, expected);
        CHECK(kind == COMPRESSION_NONE || small.n < plain->n / 2 || plain->n < 100);
        if (small.n == 0)
                return;
        CHECK(decompress(small.data, small.n, 100000, kind, &again, &fault) >= 0);
        CHECK(again.n == plain->n &&
              (again.n == 0 || memcmp(again.data, plain->data, again.n) == 0));
}

static void test_compress(void)
{
        _cleanup_archive_ Archive plain = {0};
        _cleanup_fault_ Fault fault = {0};
        static const Compression kinds[] = {COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD};
        Compress *c = NULL;

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                round_trip(kinds[i], &plain);
        for (unsigned i = 0; i < 300000; i++) {
                char line[32];
                archive_bytes(&plain, line,
                              (size_t)snprintf(line, sizeof(line), "%u %u\n", i, i * i % 1000));
        }
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                round_trip(kinds[i], &plain);
        const ByteSink out = {.write = collect};
        CHECK_NUMBER(compress_new(COMPRESSION_XZ, &out, &c, &fault), -EOPNOTSUPP);
        CHECK_STRING(fault.message, "cannot compress with 'xz'");
}

static void test_media_types(void)
{
        static const struct {
                const char *type;
                Compression kind;
        } types[] = {
                {"application/vnd.oci.image.layer.v1.tar", COMPRESSION_NONE},
                {"application/vnd.oci.image.layer.v1.tar+gzip", COMPRESSION_GZIP},
                {"application/vnd.oci.image.layer.v1.tar+zstd", COMPRESSION_ZSTD},
                {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", COMPRESSION_GZIP},
                {"application/vnd.docker.image.rootfs.diff.tar.gzip", COMPRESSION_GZIP},
                {"application/vnd.docker.image.rootfs.diff.tar.zstd", COMPRESSION_ZSTD},
                {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", COMPRESSION_GZIP},
        };
        static const char *const unknown[] = {"", "text/html\n",
                                              "application/vnd.oci.image.layer.v1.tar+xz",
                                              "application/vnd.oci.image.layer.v1.tar+gzipx",
                                              "application/vnd.oci.image.layer.v1"};
        Compression kind;

        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                CHECK_NUMBER(compression_of_media_type(types[i].type, &kind, NULL), 0);
                CHECK_NUMBER(kind, types[i].kind);
        }
        for (size_t i = 0; i < ELEMENTSOF(unknown); i++) {
                _cleanup_fault_ Fault fault = {0};
                CHECK_NUMBER(compression_of_media_type(unknown[i], &kind, &fault), -EINVAL);
                CHECK(strstr(fault.message, "is no kind of layer that is known") &&
                      !strchr(fault.message, '\n'));
        }
        CHECK(compression_from_name("zstd", &kind) >= 0 && kind == COMPRESSION_ZSTD);
        CHECK_NUMBER(compression_from_name("rar", &kind), -EINVAL);
}

int main(void)
{
        test_kinds();
        test_members();
        test_damage();
        test_window();
        test_compress();
        test_media_types();
        return 0;
}
