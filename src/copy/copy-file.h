/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One file of an archive at its place. */
#pragma once

#include "copy/copy-text.h"
#include "image/tar-read.h"

#define COPY_TEMPORARY_PREFIX ".#lodge-cp-"

typedef struct CopyFiles {
        bool archive; /* set-id bits and all attributes, not only user.* */
        bool owners;
        mode_t mask; /* without archive */
        CopyResult *result;
        char temporary[sizeof(COPY_TEMPORARY_PREFIX) + 16]; /* name of what is not whole yet */
} CopyFiles;

/** copy_files_init() - choose a name for what is not whole yet
 * Return: 0; negative errno with @reterr set. */
int copy_files_init(CopyFiles *f, Fault *reterr);
/** copy_files_sweep() - remove from a directory what copies that were killed have left there */
void copy_files_sweep(int dirfd);

/** copy_file_write() - a regular file, symlink or FIFO, in place of whatever but a directory
 * Return: 0; -EISDIR; negative errno with @reterr set. */
int copy_file_write(CopyFiles *f, TarReader *reader, const TarEntry *e, int dirfd, const char *name,
                    Fault *reterr);
/** copy_file_link() - another name of a file below @rootfd
 * Return: as above. */
int copy_file_link(CopyFiles *f, int rootfd, const char *target, int dirfd, const char *name,
                   Fault *reterr);
/** copy_file_mode() - the mode that an entry is to have */
mode_t copy_file_mode(const CopyFiles *f, const TarEntry *e);
/** copy_file_attributes() - owner, mode, attributes and, but for a directory, the time
 * @fd not O_PATH */
int copy_file_attributes(CopyFiles *f, int fd, const TarEntry *e, Fault *reterr);
