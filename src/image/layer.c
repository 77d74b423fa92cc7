/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/layer.h"

#include "base/text.h"
#include "image/ahead.h"
#include "image/layer-internal.h"
#include "image/tree-write.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* The blob on its way in: counted and, by the thread that reads it ahead, hashed. */
typedef struct Blob {
        const LayerUnpackArgs *args;
        Ahead *ahead;
        ByteSource read, counted;
        Decompress *decompress;
        uint64_t n, n_out;
        char digest_text[DIGEST_TEXT_MAX];
} Blob;

static int blob_next(void *userdata, const uint8_t **ret, size_t *ret_n, Fault *reterr)
{
        Blob *b = userdata;
        const LayerUnpackArgs *args = b->args;
        int r = stream_cancelled(args->control, reterr);

        if (r >= 0)
                r = b->read.next(b->read.userdata, ret, ret_n, reterr);
        if (r <= 0)
                return r;
        b->n += *ret_n;
        if (args->control)
                atomic_store_explicit(&args->control->n_in, b->n, memory_order_relaxed);
        if (args->size > 0 && b->n > args->size)
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "it has more than its %llu bytes",
                                 (unsigned long long)args->size);
        return 1;
}

/* All has been read that the decompressor wanted: the rest counts for the digest. */
static int check_blob(Blob *b, Fault *reterr)
{
        const LayerUnpackArgs *args = b->args;
        const uint8_t *data;
        size_t n;
        int r;

        while ((r = blob_next(b, &data, &n, reterr)) > 0)
                ;
        if (r < 0)
                return r;
        if (ahead_digest(b->ahead, b->digest_text) < 0)
                return fault_set(reterr, FAULT_FAILED, EIO, "cannot compute the digest");
        if (args->size > 0 && b->n != args->size)
                return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                 "it has %llu bytes and should have %llu", (unsigned long long)b->n,
                                 (unsigned long long)args->size);
        if (args->digest && !streq(args->digest, b->digest_text))
                return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                 "its digest is %s and should be %.80s", b->digest_text,
                                 args->digest);
        return 0;
}

int layer_check_growth(uint64_t n_in, uint64_t n_out, Fault *reterr)
{
        return n_out <= LAYER_RATIO_FROM || n_out / LAYER_RATIO_MAX <= n_in
                       ? 0
                       : fault_set(reterr, FAULT_FAILED, EFBIG,
                                   "it grows to more than %llu times its size when it is unpacked",
                                   LAYER_RATIO_MAX);
}

static int blob_into(void *userdata, uint8_t *data, size_t n, size_t *ret_n, Fault *reterr)
{
        Blob *b = userdata;

        if (!b->decompress) {
                int r = decompress_new(&b->counted, b->args->compression, &b->decompress, reterr);
                if (r < 0)
                        return r;
        }
        int r = decompress_into(b->decompress, data, n, ret_n, reterr);
        if (r >= 0 && *ret_n == 0)
                return check_blob(b, reterr);
        b->n_out += *ret_n;
        return r < 0 ? r : layer_check_growth(b->n, b->n_out, reterr);
}

static int write_tree(void *userdata, const ByteSource *tar, Fault *reterr)
{
        struct LayerWrite *w = userdata;

        return tree_write(w->args, tar, w->result, reterr);
}

int layer_write(const LayerUnpackArgs *args, const Producer *producer, LayerResult *result,
                Fault *reterr)
{
        struct LayerWrite w = {.args = args, .result = result};
        PipelineResult tar;

        int r = pipeline_run(producer, args->n_bytes_max ? args->n_bytes_max : LAYER_BYTES_MAX,
                             args->control, write_tree, &w, &tar, reterr);
        if (r < 0)
                return r;
        if (tar.n == 0)
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "it is empty");
        memcpy(result->diff_id, tar.digest, sizeof(result->diff_id));
        result->n_tar = tar.n;
        if (args->diff_id && !streq(args->diff_id, tar.digest))
                return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                 "the digest of what is in it is %s and should be %.80s",
                                 tar.digest, args->diff_id);
        if (args->sync && syncfs(args->dirfd) < 0)
                return stream_fault(reterr, errno, "cannot write to disk");
        return 0;
}

int layer_unpack(const LayerUnpackArgs *args, LayerResult *ret, Fault *reterr)
{
        _cleanup_ahead_ Ahead *ahead = NULL;
        Blob b = {.args = args};
        const Producer producer = {.into = blob_into, .userdata = &b};
        LayerResult result = {0};

        int r = ahead_new(&args->source, &ahead);
        if (r < 0)
                return stream_fault(reterr, r, "cannot start");
        b.ahead = ahead;
        b.read = ahead_source(ahead);
        b.counted = (ByteSource){.next = blob_next, .userdata = &b};
        r = layer_write(args, &producer, &result, reterr);
        decompress_free(b.decompress);
        if (r < 0)
                return r;
        memcpy(result.digest, b.digest_text, sizeof(result.digest));
        result.n_in = b.n;
        *ret = result;
        return 0;
}
