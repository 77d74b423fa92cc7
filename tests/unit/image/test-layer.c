/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is checked around the archive: digests, sizes, compression, cancelling; and several layers
 * at once. */
#include "image/compress.h"
#include "unit/image/archive.h"
#include "unit/test.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>

static int collect(void *userdata, const void *data, size_t n, Fault *reterr)
{
        archive_bytes(userdata, data, n);
        return 0;
}

/* A gzip layer, its digest and that of what is in it. */
typedef struct Sample {
        Archive blob;
        char digest[DIGEST_TEXT_MAX], diff_id[DIGEST_TEXT_MAX];
} Sample;

static void sample_done(Sample *s)
{
        archive_done(&s->blob);
}

static Sample make_sample(size_t n_files, size_t n_bytes)
{
        _cleanup_archive_ Archive a = {0};
        _cleanup_compress_ Compress *c = NULL;
        Sample s = {0};
        const ByteSink out = {.write = collect, .userdata = &s.blob};

        for (size_t i = 0; i < n_files; i++) {
                char name[32];

                (void)snprintf(name, sizeof(name), "d%zu/f%zu", i % 50, i);
                archive_header(&a, '0', name, NULL, n_bytes);
                archive_zeros(&a, n_bytes);
                archive_pad(&a);
        }
        archive_end(&a);
        CHECK(compress_new(COMPRESSION_GZIP, &out, &c, NULL) >= 0);
        ByteSink in = compress_sink(c);
        CHECK(in.write(in.userdata, a.data, a.n, NULL) >= 0);
        CHECK(compress_end(c, s.digest, NULL, NULL) >= 0);
        CHECK(digest_of(a.data, a.n, s.diff_id) >= 0);
        return s;
}

static void check(LayerUnpackArgs args, const Sample *s, int expected, const char *words)
{
        _cleanup_scratch_ int layer = scratch_open();
        _cleanup_fault_ Fault fault = {0};
        LayerResult result = {0};
        MemorySource memory;

        if (!args.source.next)
                args.source = memory_source(&memory, s->blob.data, s->blob.n);
        args.dirfd = layer;
        CHECK_NUMBER(layer_unpack(&args, &result, &fault), expected);
        if (expected < 0 && !strstr(fault.message, words))
                CHECK_STRING(fault.message, words);
        if (expected >= 0) {
                CHECK_STRING(result.digest, s->digest);
                CHECK_STRING(result.diff_id, s->diff_id);
                CHECK_NUMBER(result.n_in, s->blob.n);
        } else
                CHECK_NUMBER(result.n_tar, 0);
}

static int broken_next(void *userdata, const uint8_t **ret, size_t *ret_n, Fault *reterr)
{
        return fault_set(reterr, FAULT_TIMED_OUT, ETIMEDOUT, "the registry does not answer");
}

static void test_checks(void)
{
        _cleanup_(sample_done) Sample s = make_sample(10, 1000), other = make_sample(1, 1);
        LayerControl control = {0};

        check((LayerUnpackArgs){.digest = s.digest,
                                .size = s.blob.n,
                                .diff_id = s.diff_id,
                                .sync = true,
                                .compression = COMPRESSION_GZIP},
              &s, 0, "");
        check((LayerUnpackArgs){.digest = other.digest}, &s, -EBADMSG, "its digest is sha256:");
        check((LayerUnpackArgs){.diff_id = other.diff_id}, &s, -EBADMSG,
              "the digest of what is in it is");
        check((LayerUnpackArgs){.size = s.blob.n + 1}, &s, -EBADMSG, "and should have");
        check((LayerUnpackArgs){.size = s.blob.n - 1}, &s, -EBADMSG, "it has more than its");
        check((LayerUnpackArgs){.compression = COMPRESSION_ZSTD}, &s, -EBADMSG,
              "should be compressed with 'zstd'");
        check((LayerUnpackArgs){.n_bytes_max = 4096}, &s, -EFBIG, "more than 4096 bytes");
        check((LayerUnpackArgs){.n_entries_max = 9}, &s, -EFBIG, "more than 9 entries");
        check((LayerUnpackArgs){.source = {.next = broken_next}}, &s, -ETIMEDOUT,
              "the registry does not answer");
        check((LayerUnpackArgs){.control = &control}, &s, 0, "");
        CHECK_NUMBER(control.n_in, s.blob.n);
        CHECK(control.n_out > 10000);
        atomic_store(&control.cancelled, true);
        check((LayerUnpackArgs){.control = &control}, &s, -ECANCELED, "cancelled");
        archive_bytes(&s.blob, "x", 1);
        check((LayerUnpackArgs){0}, &s, -EBADMSG, "bytes follow the end of the gzip stream");
}

static void *unpack_one(void *userdata)
{
        const Sample *s = userdata;

        check((LayerUnpackArgs){.digest = s->digest, .diff_id = s->diff_id}, s, 0, "");
        return NULL;
}

static void test_parallel(void)
{
        _cleanup_(sample_done) Sample s = make_sample(200, 3000);
        pthread_t threads[6];

        for (size_t i = 0; i < ELEMENTSOF(threads); i++)
                CHECK(pthread_create(&threads[i], NULL, unpack_one, &s) == 0);
        for (size_t i = 0; i < ELEMENTSOF(threads); i++)
                CHECK(pthread_join(threads[i], NULL) == 0);
}

/* A bomb: megabytes that become gigabytes stop at the limit, in the same memory as any other. */
static void test_bomb(void)
{
        _cleanup_(sample_done) Sample s = make_sample(1, 256U << 20);
        struct rusage before, after;

        CHECK(getrusage(RUSAGE_SELF, &before) >= 0);
        check((LayerUnpackArgs){.n_bytes_max = 16U << 20}, &s, -EFBIG, "is the limit");
        check((LayerUnpackArgs){0}, &s, 0, "");
        CHECK(getrusage(RUSAGE_SELF, &after) >= 0);
#ifndef __SANITIZE_ADDRESS__
        CHECK(after.ru_maxrss - before.ru_maxrss < 24 << 10);
#endif
}

int main(void)
{
        need_root();
        test_checks();
        test_parallel();
        test_bomb();
        return 0;
}
