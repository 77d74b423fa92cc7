/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the entries of an archive to a tree and its map. */
#pragma once

#include "image/implied.h"
#include "image/layer.h"
#include "image/tar-map.h"
#include "image/tar-read.h"
#include "image/tree-cursor.h"

typedef struct TreeWriter {
        int tree;
        TreeCursor cursor;
        TarReader *reader;
        TarMapWriter *map;
        Implied implied;
        LayerResult *result;
        uint64_t n_bytes_max, n_entries_max;
        uid_t uid; /* new files belong to */
        gid_t gid;
} TreeWriter;

/** tree_write() - unpack an archive
 * @dirfd  of the layer, empty
 * @tar    the plain archive
 * @args   its limits count
 * @result its counters are added to
 * Return: 0; negative errno with @reterr set. */
int tree_write(const LayerUnpackArgs *args, const ByteSource *tar, LayerResult *result,
               Fault *reterr);

/** tree_attributes() - owner, mode, attributes and time of what is open
 * @fd for reading or writing, not O_PATH
 * @parent its directory, if it was made anew there: what it got from that is put right
 * Return: 0; negative errno with @reterr set. */
int tree_attributes(TreeWriter *w, int fd, const TarEntry *e, const TreeLevel *parent,
                    Fault *reterr);
/** tree_attributes_at() - the same of a symlink or node, which cannot be opened */
int tree_attributes_at(TreeWriter *w, const TreeLevel *parent, const char *name, const TarEntry *e,
                       Fault *reterr);

/** tree_replace() - remove what has the place of a new entry, a directory with all that is in it
 * The data of files goes to the map, so that the archive can be written again.
 * @path  as cleaned
 * @parent,name where it lies
 * @ret_hidden it was a whiteout: a directory in its place must be opaque
 * Return: 0, also if there is nothing; negative errno with @reterr set. */
int tree_replace(TreeWriter *w, const char *path, TreeLevel *parent, const char *name,
                 bool *ret_hidden, Fault *reterr);
