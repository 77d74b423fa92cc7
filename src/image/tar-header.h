/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The blocks of a tar archive as they lie there. Source: pax(1p) and the GNU tar manual, "Basic Tar
 * Format". */
#pragma once

#include "image/tar-entry.h"

typedef struct TarHeader {
        char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
        char type;
        char link[100];
        char magic[8]; /* and version */
        char uname[32], gname[32], major[8], minor[8];
        union {
                char prefix[155]; /* ustar */
                struct {
                        char atime[12], ctime[12], offset[12], longnames[4], unused;
                        char extents[4][2][12];
                        char extended;
                        char real_size[12];
                } gnu;
        };
        char padding[12];
} TarHeader;
_Static_assert(sizeof(TarHeader) == TAR_BLOCK_SIZE, "a header is one block");

#define TAR_MAGIC_USTAR                                                                            \
        "ustar\0"                                                                                  \
        "00"
#define TAR_MAGIC_GNU "ustar  \0"

/* More extents of an old GNU sparse file. */
typedef struct TarExtents {
        char extents[21][2][12];
        char extended;
        char padding[7];
} TarExtents;
_Static_assert(sizeof(TarExtents) == TAR_BLOCK_SIZE, "extents are one block");

/** tar_header_is_zero() - nothing but zeros: the end of an archive */
bool tar_header_is_zero(const void *block);
/** tar_header_checksum() - the sum a header must have, its own field taken as blanks */
uint32_t tar_header_checksum(const TarHeader *h);
/** tar_header_number() - a numeric field, octal or base 256
 * Return: 0; -EINVAL neither, or negative; -ERANGE above INT64_MAX. */
int tar_header_number(const char *field, size_t n, uint64_t *ret);
/** tar_header_time() - as tar_header_number(), but may be negative */
int tar_header_time(const char *field, size_t n, int64_t *ret);
/** tar_header_put() - write a number as octal digits with a NUL behind
 * Return: true; false: does not fit, and the field holds zeros. */
bool tar_header_put(char *field, size_t n, uint64_t value);
