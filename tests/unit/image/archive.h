/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives made byte by byte, good and bad, and scratch directories to unpack them in. */
#pragma once

#include "image/layer.h"
#include "image/tar-header.h"
#include "image/tar-read.h"

typedef struct Archive {
        uint8_t *data;
        size_t n, room;
} Archive;

/** archive_bytes() - append raw bytes */
void archive_bytes(Archive *a, const void *data, size_t n);
/** archive_zeros() - append zeros */
void archive_zeros(Archive *a, size_t n);
/** archive_pad() - zeros up to a whole block */
void archive_pad(Archive *a);
/** archive_header() - a header with a right checksum
 * Return: it, until the next call: change it and call archive_seal(). */
TarHeader *archive_header(Archive *a, char type, const char *path, const char *link, uint64_t size);
/** archive_seal() - compute the checksum again */
void archive_seal(TarHeader *h);
/** archive_file() - a regular file with its data */
void archive_file(Archive *a, const char *path, const char *data);
/** archive_entry() - one without data */
void archive_entry(Archive *a, char type, const char *path, const char *link);
/** archive_device() - a character or block device */
void archive_device(Archive *a, char type, const char *path, unsigned major, unsigned minor);
/** archive_pax() - an extended header: keys and values in turn, then NULL
 * @type 'x' or 'g' */
void archive_pax(Archive *a, char type, const char *key, ...);
/** archive_pax_bytes() - one with a single record, whose value may have any bytes */
void archive_pax_bytes(Archive *a, const char *key, const void *value, size_t n);
/** archive_end() - the two blocks at the end */
void archive_end(Archive *a);
/** archive_done() - free it */
void archive_done(Archive *a);
#define _cleanup_archive_ _cleanup_(archive_done)

/** scratch_open() - make an empty directory of its own; removed with all below by scratch_done()
 * Return: descriptor. */
int scratch_open(void);
/** scratch_done() - remove the directory of this descriptor, and close it */
void scratch_done(int *fd);
#define _cleanup_scratch_ _cleanup_(scratch_done)

/** scratch_unpack() - layer_unpack() of an archive in memory
 * Return: its; @reterr is emptied before. */
int scratch_unpack(const Archive *a, int dirfd, LayerResult *ret, Fault *reterr);

/** need_root() - exit with 77 where a test cannot work */
void need_root(void);
