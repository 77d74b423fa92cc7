/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tar.map: what must be known beside the files of a layer to write the archive again that they came
 * from.
 *
 * One zstd stream: the line "lodge tar map 1", then records in the order of the archive. A record
 * is a letter, then numbers in LEB128 and bytes: R n bytes            bytes of the archive:
 * headers, padding, data that no file holds F n path size        the data of a regular file S n
 * path size k (offset n)*k   the data of a sparse one: its k extents L n path             nothing;
 * a name of a file was made by a hard link E                    the end
 *
 * tar.kept: data that is no more in the tree, because a later entry took the place of its file.
 * Records, in the order of the replacements: TarKept, then the path, then the data with its holes.
 * The n-th F, S or L of a path and the n-th record of that path belong together; an F, S or L
 * without such a record is what lies in the tree. */
#pragma once

#include "image/stream.h"
#include "image/tar-entry.h"

#define TAR_MAP_MAGIC  "lodge tar map 1\n"
#define TAR_KEPT_MAGIC "tarkept1"

typedef struct TarKept {
        char magic[8];
        uint64_t n_path, size; /* little endian */
} TarKept;

typedef struct TarMapWriter TarMapWriter;

/** tar_map_writer_new() - begin a map
 * @fd   gets the compressed map; borrowed
 * @kept a layer's directory, in which tar.kept is made when it is needed; borrowed */
int tar_map_writer_new(int fd, int kept, TarMapWriter **ret);
/** tar_map_writer_free() - @w may be NULL
 * Return: always NULL. */
TarMapWriter *tar_map_writer_free(TarMapWriter *w);
/** tar_map_writer_raw() - bytes of the archive */
int tar_map_writer_raw(TarMapWriter *w, const void *data, size_t n, Fault *reterr);
/** tar_map_writer_file() - the payload of @e comes here, and is the data of the file @path */
int tar_map_writer_file(TarMapWriter *w, const char *path, const TarEntry *e, Fault *reterr);
/** tar_map_writer_link() - @path was made by a hard link */
int tar_map_writer_link(TarMapWriter *w, const char *path, Fault *reterr);
/** tar_map_writer_keep() - keep the data of the regular file @path, which is about to be replaced
 * @fd open for reading
 * Return: 0; negative errno with @reterr set. */
int tar_map_writer_keep(TarMapWriter *w, const char *path, int fd, Fault *reterr);
/** tar_map_writer_end() - write what is left */
int tar_map_writer_end(TarMapWriter *w, Fault *reterr);

static inline void tar_map_writer_freep(TarMapWriter **w)
{
        tar_map_writer_free(*w);
}
#define _cleanup_tar_map_writer_ _cleanup_(tar_map_writer_freep)

/* What a map is read into. */
typedef struct TarMapVisitor {
        int (*raw)(void *userdata, const uint8_t *data, size_t n, Fault *reterr);
        /* @e: path, size, sparse and extents are set; type is TAR_REGULAR or TAR_HARDLINK */
        int (*file)(void *userdata, const TarEntry *e, Fault *reterr);
        void *userdata;
} TarMapVisitor;

/** tar_map_read() - read a map to its end
 * @source the compressed map, which is trusted no more than an archive
 * Return: 0; -EBADMSG damaged; negative errno. */
int tar_map_read(const ByteSource *source, const TarMapVisitor *visitor, Fault *reterr);
