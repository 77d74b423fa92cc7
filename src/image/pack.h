/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From directories to an archive or layer: export, commit, import of a directory, diff. */
#pragma once

#include "image/layer.h"

typedef enum LayerPackMode {
        /* What a machine sees: the trees merged, whiteouts and opaque marks applied. */
        LAYER_PACK_PLAIN,
        /* The upper directory of an overlay as a layer of its own: 0:0 devices become .wh.NAME,
         * opaque marks .wh..wh..opq. */
        LAYER_PACK_UPPER,
} LayerPackMode;

typedef struct LayerPackArgs {
        const int *trees; /* directories, topmost first; one for LAYER_PACK_UPPER */
        size_t n_trees;
        LayerPackMode mode;
        const char *const *left_out; /* "/path" of files not to pack, ended by NULL; may be NULL */
        LayerControl *control;       /* may be NULL; n_out counts */
} LayerPackArgs;

/** layer_pack() - write trees as one archive
 * Names sorted by bytes, owners as numbers, hard links, holes, attributes and ACLs kept; overlay's
 * own attributes and sockets left out; other file systems mounted below are not entered. Nothing
 * else may write to the trees meanwhile: a file that changes its size fails the call.
 * Return: 0; -ESTALE a file changed; -EOPNOTSUPP an overlay's redirect or metacopy; -ECANCELED;
 * negative errno; with @reterr set. */
int layer_pack(const LayerPackArgs *args, const ByteSink *out, Fault *reterr);

/** layer_build() - make a layer of trees: layer_pack() into layer_unpack()
 * @to what counts: dirfd, limits, sync, control */
int layer_build(const LayerPackArgs *args, const LayerUnpackArgs *to, LayerResult *ret,
                Fault *reterr);

/* What happened to a path. */
typedef enum LayerChange {
        LAYER_ADDED = 'A',
        LAYER_CHANGED = 'C',
        LAYER_DELETED = 'D',
} LayerChange;

/** layer_diff() - tell what an upper directory changes
 * Sorted; what is below a new directory is told too, what is below a deleted one is not. A
 * directory, also the root ("/"), is changed if its own mode, owner or attributes differ, a file
 * also if it was only touched.
 * @lowers    what is under it, topmost first
 * @on_change gets "/path", as the file system has it; a negative errno ends the call
 * Return: 0; negative errno with @reterr set. */
int layer_diff(int upper, const int *lowers, size_t n_lowers,
               int (*on_change)(void *userdata, LayerChange change, const char *path),
               void *userdata, Fault *reterr);

/** layer_usage() - bytes that a directory takes on its disk, as du(1) counts: a file with several
 * names once
 * Return: 0; negative errno with @reterr set. */
int layer_usage(int dirfd, uint64_t *ret_n_bytes, Fault *reterr);
