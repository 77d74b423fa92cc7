/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deleting what a guest made: any depth, any name, and nothing outside. */
#include "base/cleanup.h"
#include "work/sweep.h"

#include <assert.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static bool is_empty(int fd)
{
        int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_closedir_ DIR *d = fdopendir(copy);
        int n = 0;

        assert(d);
        while (readdir(d))
                n++;
        return n == 2;
}

/* Deeper than a path can be written, and than descriptors can be had. */
static void make_deep(int top, unsigned depth)
{
        _cleanup_close_ int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        for (unsigned i = 0; i < depth; i++) {
                assert(mkdirat(fd, "directory", 0700) == 0);
                int next = openat(fd, "directory", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert(next >= 0 && mknodat(fd, "file", S_IFREG | 0600, 0) == 0);
                (void)close(fd);
                fd = next;
        }
}

int main(void)
{
        char path[] = "/tmp/test-sweep-XXXXXX", out[] = "/tmp/test-sweep-XXXXXX";
        struct stat st;

        assert(mkdtemp(path) && mkdtemp(out));
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int outside = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert(fd >= 0 && outside >= 0 && mknodat(outside, "canary", S_IFREG | 0600, 0) == 0);

        assert(mkdirat(fd, "a", 0700) == 0 && mkdirat(fd, "a/b", 0) == 0);
        assert(symlinkat(out, fd, "a/link") == 0 && mkfifoat(fd, "a/fifo", 0600) == 0);
        assert(mknodat(fd, "a/\n\033[31m", S_IFREG | 0600, 0) == 0);
        assert(linkat(outside, "canary", fd, "a/hard", 0) == 0);
        make_deep(fd, 5000);
        assert(sweep(path) == 0 && is_empty(fd));
        assert(fstatat(outside, "canary", &st, 0) == 0 && st.st_nlink == 1);
        assert(sweep(path) == 0);                 /* nothing to do */
        assert(sweep("/nonexistent/trash") == 0); /* nothing there */

        /* some of many */
        assert(mkdirat(fd, ".#trash.a", 0700) == 0 && mkdirat(fd, ".#trash.a/b", 0700) == 0);
        assert(mknodat(fd, ".#trash.b", S_IFREG | 0600, 0) == 0 && mkdirat(fd, "kept", 0700) == 0);
        assert(symlinkat(out, fd, ".#trash.c") == 0);
        assert(sweep_prefix(path, ".#trash.") == 0 && unlinkat(fd, "kept", AT_REMOVEDIR) == 0);
        assert(is_empty(fd) && fstatat(outside, "canary", &st, 0) == 0);
        assert(sweep_prefix("/nonexistent", "a") == 0);

        assert(unlinkat(outside, "canary", 0) == 0 && rmdir(path) == 0 && rmdir(out) == 0);
        return 0;
}
