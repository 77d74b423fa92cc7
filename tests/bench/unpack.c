/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unpack FILE DIRECTORY: make a layer of a compressed archive, and say how long it took.
 * unpack --repack DIRECTORY: write a layer's archive to stdout. unpack --pack DIRECTORY: a plain
 * tree's. */
#include "base/io.h"
#include "image/pack.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

static int fail(const char *what, const Fault *f)
{
        (void)fprintf(stderr, "unpack: %s: %s\n", what, f->message ? f->message : "failed");
        return 1;
}

static int unpack(int fd, int dirfd)
{
        _cleanup_fd_source_ FdSource source;
        _cleanup_fault_ Fault fault = {0};
        LayerResult result;
        struct rusage usage;
        uint64_t begin = now_usec(CLOCK_MONOTONIC);
        const LayerUnpackArgs args = {
                .source = fd_source(&source, fd, NULL), .dirfd = dirfd, .sync = true};

        if (layer_unpack(&args, &result, &fault) < 0)
                return fail("layer_unpack", &fault);
        uint64_t end = now_usec(CLOCK_MONOTONIC);
        (void)getrusage(RUSAGE_SELF, &usage);
        (void)printf("%.1f ms, %llu entries, %.1f MB in, %.1f MB of tar, peak %.1f MB\n%s\n",
                     (double)(end - begin) / 1e3, (unsigned long long)result.n_entries,
                     (double)result.n_in / 1e6, (double)result.n_tar / 1e6,
                     (double)usage.ru_maxrss / 1e3, result.diff_id);
        return 0;
}

static int write_archive(int dirfd, bool is_layer)
{
        _cleanup_fault_ Fault fault = {0};
        int out = STDOUT_FILENO;
        const ByteSink sink = fd_sink(&out);
        const LayerPackArgs args = {.trees = &dirfd, .n_trees = 1, .mode = LAYER_PACK_PLAIN};
        int r = is_layer ? layer_repack(dirfd, "", &sink, NULL, &fault)
                         : layer_pack(&args, &sink, &fault);

        return r < 0 && r != -EBADMSG ? fail("write", &fault) : 0;
}

int main(int argc, char **argv)
{
        _cleanup_close_ int fd = -EBADF, dirfd = -EBADF;

        if (argc != 3) {
                (void)fprintf(stderr, "usage: unpack FILE|--repack|--pack DIRECTORY\n");
                return 1;
        }
        dirfd = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dirfd < 0) {
                perror(argv[2]);
                return 1;
        }
        if (strncmp(argv[1], "--", 2) == 0)
                return write_archive(dirfd, strcmp(argv[1], "--repack") == 0);
        fd = open(argv[1], O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
                perror(argv[1]);
                return 1;
        }
        return unpack(fd, dirfd);
}
