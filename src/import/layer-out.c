/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/layer-out.h"

#include "base/io.h"
#include "base/text.h"
#include "image/layer.h"
#include "import/layer-in.h"

#include <fcntl.h>
#include <string.h>

void layer_out_done(LayerOut *o)
{
        o->fd = close_fd(o->fd);
}

int layer_out_stream(const Job *job, const char *diff_id, const ByteSink *out,
                     LayerControl *control, Fault *reterr)
{
        _cleanup_close_ int fd = job_open_layer(job, diff_id, reterr);
        _cleanup_fault_ Fault fault = {0};

        if (fd < 0)
                return fd;
        int r = layer_repack(fd, diff_id, out, control, &fault);
        if (r < 0)
                return fault_set(reterr, fault.code ?: FAULT_FAILED, r, "layer %.19s: %s", diff_id,
                                 fault.message ?: strerror(-r));
        return 0;
}

int layer_out_size(const Job *job, const char *diff_id, uint64_t *ret)
{
        _cleanup_close_ int fd = job_open_layer(job, diff_id, NULL);
        _cleanup_free_ char *text = NULL;

        int r = fd < 0 ? fd : read_file_at(fd, LAYER_TAR_SIZE_FILE, 32, &text, NULL);
        if (r < 0)
                return r;
        text[strcspn(text, "\n")] = '\0';
        return parse_u64(text, INT64_MAX, ret);
}

/* ---- files ---- */

static int compress_into(LayerOut *o, const LayerWriter *writer, Compression compression,
                         Fault *reterr)
{
        _cleanup_compress_ Compress *c = NULL;
        const ByteSink file = fd_sink(&o->fd);

        int r = compress_new(compression, &file, &c, reterr);
        if (r >= 0) {
                const ByteSink plain = compress_sink(c);

                r = writer->write(writer->userdata, &plain, reterr);
        }
        if (r >= 0)
                r = compress_end(c, o->digest, &o->size, reterr);
        if (r >= 0 && lseek(o->fd, 0, SEEK_SET) < 0)
                r = job_fault(reterr, errno, "cannot read a temporary file");
        return r;
}

static int make_file(Job *job, const LayerWriter *writer, Compression compression, LayerOut *ret,
                     Fault *reterr)
{
        _cleanup_layer_out_ LayerOut o = {.fd = -EBADF};

        o.fd = openat(job->incoming_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (o.fd < 0)
                return job_fault(reterr, errno, "cannot make a temporary file");
        int r = compress_into(&o, writer, compression, reterr);
        if (r < 0)
                return r;
        *ret = o;
        o.fd = -EBADF;
        return 0;
}

typedef struct StoreLayer {
        const Job *job;
        const char *diff_id;
        LayerControl *control;
} StoreLayer;

static int write_store_layer(void *userdata, const ByteSink *out, Fault *reterr)
{
        StoreLayer *l = userdata;

        return layer_out_stream(l->job, l->diff_id, out, l->control, reterr);
}

int layer_out(Job *job, const char *diff_id, Compression compression, LayerControl *control,
              LayerOut *ret, Fault *reterr)
{
        StoreLayer layer = {job, diff_id, control};
        LayerWriter writer = {write_store_layer, &layer};

        return make_file(job, &writer, compression, ret, reterr);
}

/* What another writer writes, hashed on its way to the compressor. */
typedef struct Hashed {
        const LayerWriter *writer;
        Digest *digest;
        const ByteSink *out;
} Hashed;

static int hash_and_pass(void *userdata, const void *data, size_t n, Fault *reterr)
{
        Hashed *h = userdata;

        int r = digest_update(h->digest, data, n);
        return r < 0 ? r : h->out->write(h->out->userdata, data, n, reterr);
}

static int write_hashed(void *userdata, const ByteSink *out, Fault *reterr)
{
        Hashed *h = userdata;
        const ByteSink sink = {hash_and_pass, h};

        h->out = out;
        return h->writer->write(h->writer->userdata, &sink, reterr);
}

int layer_out_written(Job *job, const LayerWriter *writer, Compression compression, LayerOut *ret,
                      char ret_diff_id[static DIGEST_TEXT_MAX], Fault *reterr)
{
        _cleanup_layer_out_ LayerOut o = {.fd = -EBADF};
        _cleanup_digest_ Digest *digest = digest_new();
        Hashed hashed = {.writer = writer, .digest = digest};
        LayerWriter through = {write_hashed, &hashed};

        if (!digest)
                return -ENOMEM;
        int r = make_file(job, &through, compression, &o, reterr);
        if (r >= 0)
                r = digest_end(digest, ret_diff_id);
        if (r < 0)
                return r;
        *ret = o;
        o.fd = -EBADF;
        return 0;
}
