/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The caller's own files at the other end of a pipe, as a tar archive: read or written by a child,
 * while the job is followed. */
#pragma once

#include "copy/copy-pack.h"
#include "copy/copy-unpack.h"

#include <sys/types.h>

typedef struct LocalFiles {
        int fd; /* of the pipe, for lodged; close it once that has it */
        int report;
        pid_t child;
        bool is_over, is_unpacked;
        Fault fault;   /* what went wrong with them */
        char *message; /* what was not copied */
} LocalFiles;

/** local_files_pack() - begin to write an archive into the pipe
 * Return: 0; negative errno with @reterr set. */
int local_files_pack(const CopyPackArgs *args, LocalFiles *ret, Fault *reterr);
/** local_files_unpack() - begin to read one */
int local_files_unpack(const CopyUnpackArgs *args, LocalFiles *ret, Fault *reterr);
/** local_files_wait() - to its end, which comes when the other end has closed the pipe
 * @cancelled it is not waited for that */
void local_files_wait(LocalFiles *l, bool cancelled);
/** local_files_failed() - did they fail by themselves, not since the other end has? */
bool local_files_failed(const LocalFiles *l);
/** local_files_done() - end it, and free what it has told */
void local_files_done(LocalFiles *l);
#define _cleanup_local_files_ _cleanup_(local_files_done)
