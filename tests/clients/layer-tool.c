/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layers without an importer and its sandbox, so that the tests see what the library does by
 * itself.
 *
 *   layer-tool unpack DIRECTORY [COMPRESSION [DIFF_ID]] <BLOB   what came of it, one fact a line
 *   layer-tool repack DIRECTORY DIFF_ID >ARCHIVE
 *   layer-tool verify DIRECTORY DIFF_ID */
#include "base/cleanup.h"
#include "base/fault.h"
#include "image/layer.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Not of getrusage(2), which counts what the parent had when it forked. */
static void print_peak(void)
{
        _cleanup_fclose_ FILE *f = fopen("/proc/self/status", "re");
        char line[256];

        while (f && fgets(line, sizeof(line), f))
                if (strncmp(line, "VmHWM:", 6) == 0)
                        fprintf(stderr, "peak %s", line + 6 + strspn(line + 6, " \t"));
}

static int report(const Fault *fault, int r)
{
        print_peak();
        if (r >= 0)
                return EXIT_SUCCESS;
        fprintf(stderr, "%s: %s\n", fault_code_name(fault->code) ?: "no fault",
                fault->message ?: strerror(-r));
        return EXIT_FAILURE;
}

static void print_result(const LayerResult *result)
{
        printf("digest %s\ndiff_id %s\n", result->digest, result->diff_id);
        printf("tar %" PRIu64 "\nentries %" PRIu64 "\nbytes %" PRIu64 "\n", result->n_tar,
               result->n_entries, result->n_bytes);
        printf("nodes %" PRIu64 "\ndropped %" PRIu64 "\nopaque_root %d\n", result->n_nodes,
               result->n_nodes_dropped, result->opaque_root);
}

static int unpack(int dirfd, const char *compression, const char *diff_id)
{
        Fault fault = {0};
        FdSource source;
        LayerControl control = {0};
        LayerResult result;
        LayerUnpackArgs args = {.source = fd_source(&source, STDIN_FILENO, &control),
                                .diff_id = diff_id,
                                .dirfd = dirfd,
                                .control = &control};
        int r = compression ? compression_from_name(compression, &args.compression) : 0;

        if (r >= 0)
                r = layer_unpack(&args, &result, &fault);
        if (r >= 0)
                print_result(&result);
        r = report(&fault, r);
        fd_source_done(&source);
        fault_done(&fault);
        return r;
}

static int read_back(int dirfd, const char *diff_id, bool write)
{
        Fault fault = {0};
        int fd = STDOUT_FILENO;
        ByteSink out = fd_sink(&fd);
        int r = write ? layer_repack(dirfd, diff_id, &out, NULL, &fault)
                      : layer_verify(dirfd, diff_id, NULL, &fault);

        r = report(&fault, r);
        fault_done(&fault);
        return r;
}

int main(int argc, char **argv)
{
        if (argc < 3) {
                fprintf(stderr, "usage: layer-tool unpack|repack|verify DIRECTORY ...\n");
                return 2;
        }
        _cleanup_close_ int dirfd = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (dirfd < 0) {
                perror(argv[2]);
                return 2;
        }
        if (strcmp(argv[1], "unpack") == 0)
                return unpack(dirfd, argc > 3 ? argv[3] : NULL, argc > 4 ? argv[4] : NULL);
        return read_back(dirfd, argc > 3 ? argv[3] : NULL, strcmp(argv[1], "repack") == 0);
}
