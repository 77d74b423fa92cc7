/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A set of files that holds images: a directory, or a tar archive in a seekable file, which is read
 * once for its table of contents and is never unpacked. Names are looked up in the table: nothing
 * of a stranger's becomes a path, except below a directory that may not be left. */
#pragma once

#include "image/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUNDLE_FILES_MAX 100000
#define BUNDLE_NAMES_MAX (16U << 20) /* bytes of all their paths, which are kept in memory */

typedef struct Bundle Bundle;

/* A file in it as a source of bytes; zero it first. */
typedef struct BundleFile {
        int fd; /* owned if it is of a directory */
        bool owned;
        uint64_t at, end;
        uint64_t size;
        uint8_t *buffer;
        LayerControl *control;
} BundleFile;

/** bundle_open_directory() - files below a directory
 * @fd borrowed */
int bundle_open_directory(int fd, Bundle **ret, Fault *reterr);
/** bundle_open_tar() - files of a tar archive, uncompressed, from the beginning of a regular file
 * @fd borrowed */
int bundle_open_tar(int fd, Bundle **ret, Fault *reterr);
/** bundle_free() - @a may be NULL
 * Return: always NULL. */
Bundle *bundle_free(Bundle *a);

/** bundle_has() - is there such a file? */
bool bundle_has(const Bundle *a, const char *path);
/** bundle_read() - a whole file
 * @max bytes it may have
 * @ret NUL-terminated, caller frees
 * Return: 0; -ENOENT not there; -EFBIG; negative errno. */
int bundle_read(const Bundle *a, const char *path, size_t max, char **ret, size_t *ret_n,
                Fault *reterr);
/** bundle_open() - a file as a source of bytes
 * @ret     bundle_file_done() closes it; must stay where it is
 * @control as for fd_source(); may be NULL */
int bundle_open(const Bundle *a, const char *path, LayerControl *control, BundleFile *ret,
                Fault *reterr);
/** bundle_source() - its bytes, from the beginning */
ByteSource bundle_source(BundleFile *f);
/** bundle_file_done() - close it */
void bundle_file_done(BundleFile *f);
#define _cleanup_bundle_file_ _cleanup_(bundle_file_done)

static inline void bundle_freep(Bundle **a)
{
        (void)bundle_free(*a);
}
#define _cleanup_bundle_ _cleanup_(bundle_freep)
