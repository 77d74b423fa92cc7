/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A set of files that holds images: a directory, or a tar archive in a seekable file, which is read
 * once for its table of contents and is never unpacked. Names are looked up in the table: nothing
 * of a stranger's becomes a path, except below a directory that may not be left. */
#pragma once

#include "image/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARCHIVE_FILES_MAX 100000

typedef struct Archive Archive;

/* A file in it as a source of bytes; zero it first. */
typedef struct ArchiveFile {
        int fd; /* owned if it is of a directory */
        bool owned;
        uint64_t at, end;
        uint64_t size;
        uint8_t *buffer;
        LayerControl *control;
} ArchiveFile;

/** archive_open_directory() - files below a directory
 * @fd borrowed */
int archive_open_directory(int fd, Archive **ret, Fault *reterr);
/** archive_open_tar() - files of a tar archive, uncompressed, from the beginning of a regular file
 * @fd borrowed */
int archive_open_tar(int fd, Archive **ret, Fault *reterr);
/** archive_free() - @a may be NULL
 * Return: always NULL. */
Archive *archive_free(Archive *a);

/** archive_has() - is there such a file? */
bool archive_has(const Archive *a, const char *path);
/** archive_read() - a whole file
 * @max bytes it may have
 * @ret NUL-terminated, caller frees
 * Return: 0; -ENOENT not there; -EFBIG; negative errno. */
int archive_read(const Archive *a, const char *path, size_t max, char **ret, size_t *ret_n,
                 Fault *reterr);
/** archive_open() - a file as a source of bytes
 * @ret     archive_file_done() closes it; must stay where it is
 * @control as for fd_source(); may be NULL */
int archive_open(const Archive *a, const char *path, LayerControl *control, ArchiveFile *ret,
                 Fault *reterr);
/** archive_source() - its bytes, from the beginning */
ByteSource archive_source(ArchiveFile *f);
/** archive_file_done() - close it */
void archive_file_done(ArchiveFile *f);
#define _cleanup_archive_file_ _cleanup_(archive_file_done)

static inline void archive_freep(Archive **a)
{
        (void)archive_free(*a);
}
#define _cleanup_archive_ _cleanup_(archive_freep)
