/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any archive into a directory that has files already: nothing appears beside it. */
#include "copy/copy-unpack.h"
#include "fuzz/fuzz-place.h"
#include "fuzz/fuzz-tar.h"
#include "fuzz/fuzz.h"

#include <fcntl.h>
#include <sys/stat.h>

static void furnish(int top)
{
        PROMISE(mkdirat(top, "in", 0700) >= 0 && mkdirat(top, "in/a", 0700) >= 0);
        PROMISE(symlinkat("../..", top, "in/link") >= 0 && symlinkat("..", top, "in/a/up") >= 0);
        PROMISE(mknodat(top, "canary", S_IFREG | 0600, 0) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        uint8_t *copy = (uint8_t *)fuzz_copy(data, n);
        char path[] = "/tmp/lodge-fuzz-XXXXXX";
        CopyUnpackArgs args = {.rename = n & 1, .shown = "/in"};
        CopyResult result = {0};
        MemorySource memory;
        struct stat st;
        _cleanup_fault_ Fault fault = {0};

        fuzz_tar_seal(copy, n);
        PROMISE(mkdtemp(path));
        _cleanup_close_ int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        PROMISE(top >= 0);
        furnish(top);
        args.place.dirfd = top;
        (void)snprintf(args.place.name, sizeof(args.place.name), "in");
        ByteSource tar = memory_source(&memory, copy, n);
        int r = copy_unpack(&args, &tar, &result, &fault);
        PROMISE((r < 0) == (fault.code != FAULT_NONE) && (r >= 0 || fault.message));
        PROMISE(fuzz_place_names(path) == 4 && fstatat(top, "canary", &st, 0) >= 0 &&
                st.st_size == 0 && st.st_nlink == 1);
        fuzz_place_remove(path);
        free(copy);
        return 0;
}
