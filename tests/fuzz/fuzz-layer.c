/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An archive into a directory: nothing appears beside it, and what is taken can be written again
 * bit for bit. */
#include "fuzz/fuzz-place.h"
#include "fuzz/fuzz-tar.h"
#include "fuzz/fuzz.h"
#include "image/pack.h"

#include <fcntl.h>
#include <sys/stat.h>

static int discard(void *userdata, const void *data, size_t n, Fault *reterr)
{
        return 0;
}

static void check_layer(int layer, const LayerResult *result, const uint8_t *data, size_t n)
{
        char digest[DIGEST_TEXT_MAX];
        int tree = openat(layer, LAYER_TREE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const LayerPackArgs args = {.trees = &tree, .n_trees = 1, .mode = LAYER_PACK_UPPER};
        const ByteSink out = {.write = discard};
        _cleanup_fault_ Fault fault = {0};

        PROMISE(digest_of(data, n, digest) >= 0 && strcmp(digest, result->diff_id) == 0);
        PROMISE(layer_verify(layer, digest, NULL, &fault) >= 0);
        PROMISE(tree >= 0 && layer_pack(&args, &out, &fault) >= 0);
        (void)close_fd(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        uint8_t *copy = (uint8_t *)fuzz_copy(data, n);
        const char *shm = access("/dev/shm", W_OK) >= 0 ? "/dev/shm" : "/tmp";
        char top[64], path[80];
        MemorySource memory;
        _cleanup_fault_ Fault fault = {0};
        LayerResult result;

        fuzz_tar_seal(copy, n);
        (void)snprintf(top, sizeof(top), "%s/lodge-fuzz-XXXXXX", shm);
        PROMISE(mkdtemp(top));
        (void)snprintf(path, sizeof(path), "%s/layer", top);
        PROMISE(mkdir(path, 0700) >= 0);
        int layer = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        PROMISE(layer >= 0);
        const LayerUnpackArgs args = {.source = memory_source(&memory, copy, n),
                                      .compression = COMPRESSION_NONE,
                                      .dirfd = layer,
                                      .n_bytes_max = 8U << 20,
                                      .n_entries_max = 2000};
        int r = layer_unpack(&args, &result, &fault);
        PROMISE((r < 0) == (fault.code != FAULT_NONE) && (r >= 0 || fault.message));
        if (r >= 0)
                check_layer(layer, &result, copy, n);
        PROMISE(fuzz_place_names(top) == 3 && fuzz_place_names(path) <= 6);
        (void)close_fd(layer);
        fuzz_place_remove(top);
        free(copy);
        return 0;
}
