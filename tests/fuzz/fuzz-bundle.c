/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of contents of an archive of images, and the files that it leads to. */
#include "base/io.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "import/bundle.h"

#include <sys/mman.h>

#define FILE_MAX 4096U

/* A file in it has the size that is told, and all its bytes are the archive's. */
static void try_file(const Bundle *a, const char *path)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_bundle_file_ BundleFile f = {.fd = -EBADF};
        _cleanup_fault_ Fault fault = {0};
        size_t n = 0;

        PROMISE(bundle_has(a, path) == (bundle_open(a, path, NULL, &f, NULL) >= 0));
        int r = bundle_read(a, path, FILE_MAX, &text, &n, &fault);
        PROMISE(r >= 0 || (fault.message && !strpbrk(fault.message, "\n\r\x1b\x7f")));
        PROMISE(r < 0 || (n <= FILE_MAX && n == f.size && text[n] == '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        static const char *const paths[] = {
                "index.json", "manifest.json", "oci-layout", "a", "b/c", "../a", "/a", "", "a/"};
        _cleanup_close_ int fd = memfd_create("fuzz", MFD_CLOEXEC);
        _cleanup_bundle_ Bundle *a = NULL;
        _cleanup_fault_ Fault fault = {0};

        PROMISE(fd >= 0 && write_all(fd, data, n) >= 0);
        int r = bundle_open_tar(fd, &a, &fault);
        PROMISE((r >= 0) == (a != NULL));
        PROMISE(r >= 0 || r == -ENOMEM || fault.message);
        for (size_t i = 0; a && i < ELEMENTSOF(paths); i++)
                try_file(a, paths[i]);
        return 0;
}
