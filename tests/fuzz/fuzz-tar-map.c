/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plain map: the harness compresses it. */
#include "fuzz/fuzz.h"
#include "image/compress.h"
#include "image/tar-map.h"

typedef struct Buffer {
        uint8_t *data;
        size_t n;
} Buffer;

static int collect(void *userdata, const void *data, size_t n, Fault *reterr)
{
        Buffer *b = userdata;

        PROMISE((b->data = realloc(b->data, b->n + n)));
        memcpy(b->data + b->n, data, n);
        b->n += n;
        return 0;
}

static int on_raw(void *userdata, const uint8_t *data, size_t n, Fault *reterr)
{
        *(size_t *)userdata += n;
        return 0;
}

static int on_file(void *userdata, const TarEntry *e, Fault *reterr)
{
        char clean[TAR_PATH_MAX + 1];

        PROMISE(e->type == TAR_REGULAR || e->type == TAR_HARDLINK);
        PROMISE(tar_path_clean(e->path, clean, NULL) > 0 && strcmp(clean, e->path) == 0);
        PROMISE(tar_entry_n_payload(e) <= e->size || e->type == TAR_HARDLINK);
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        Buffer b = {0};
        const ByteSink out = {.write = collect, .userdata = &b};
        _cleanup_compress_ Compress *c = NULL;
        _cleanup_fault_ Fault fault = {0};
        MemorySource memory;
        size_t n_raw = 0;

        PROMISE(compress_new(COMPRESSION_ZSTD, &out, &c, NULL) >= 0);
        ByteSink in = compress_sink(c);
        PROMISE(in.write(in.userdata, data, n, NULL) >= 0 &&
                compress_end(c, NULL, NULL, NULL) >= 0);
        const ByteSource source = memory_source(&memory, b.data, b.n);
        const TarMapVisitor visitor = {.raw = on_raw, .file = on_file, .userdata = &n_raw};
        int r = tar_map_read(&source, &visitor, &fault);
        PROMISE((r < 0) == (fault.code != FAULT_NONE) && n_raw <= n);
        free(b.data);
        return 0;
}
