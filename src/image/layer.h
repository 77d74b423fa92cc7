/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layers: from a compressed archive of a stranger to a directory, and back to the very same
 * archive.
 *
 * A layer is a directory with tree/ (what is mounted), tar.map (all of the archive that is not file
 * data, see tar-map.h) and, if an archive brings a file twice, tar.kept (the data that the later
 * one replaced), if it has files in directories that it does not tell of tar.implied. Nothing
 * outside that directory is touched. The calls may run in several threads at once; each starts two
 * more, takes less than 24 MB and up to 600 descriptors. They need CAP_CHOWN, CAP_DAC_OVERRIDE,
 * CAP_FOWNER, CAP_FSETID, CAP_SETFCAP and CAP_MKNOD over the directory. */
#pragma once

#include "image/decompress.h"
#include "image/digest.h"

#include <stdbool.h>

#define LAYER_TREE        "tree"
#define LAYER_MAP         "tar.map"
#define LAYER_KEPT        "tar.kept"
#define LAYER_IMPLIED     "tar.implied"
#define LAYER_BYTES_MAX   (256ULL << 30)
#define LAYER_ENTRIES_MAX 5000000ULL
/* A bomb: a file system's worth of zeros in a few megabytes. What people store grows ten times. */
#define LAYER_RATIO_MAX  200ULL
#define LAYER_RATIO_FROM (2ULL << 30) /* bytes of the archive before it is looked at */
#define LAYER_ID_MAX     65535U

typedef struct LayerUnpackArgs {
        ByteSource source;       /* the blob as it was transferred */
        Compression compression; /* what its media type says; COMPRESSION_ANY: not known */
        const char *digest;      /* of the blob; NULL: not known */
        uint64_t size;           /* of the blob; 0: not known */
        const char *diff_id;     /* of the archive inside; NULL: not known */
        int dirfd;               /* an empty directory that becomes the layer */
        uint64_t n_bytes_max;    /* of the archive; 0: LAYER_BYTES_MAX */
        uint64_t n_entries_max;  /* 0: LAYER_ENTRIES_MAX */
        bool sync;               /* return once all is on the disk */
        LayerControl *control;   /* may be NULL */
} LayerUnpackArgs;

typedef struct LayerResult {
        char digest[DIGEST_TEXT_MAX], diff_id[DIGEST_TEXT_MAX];
        uint64_t n_in;  /* bytes of the blob */
        uint64_t n_tar; /* bytes of the archive */
        uint64_t n_entries;
        uint64_t n_bytes;          /* data in regular files */
        uint64_t n_nodes;          /* device nodes and FIFOs made */
        uint64_t n_nodes_dropped;  /* 0:0 devices, and those we may not make */
        uint64_t n_whiteouts;      /* opaque marks included */
        uint64_t n_xattrs_dropped; /* overlay's own, other security.*, and what the file system
                                      refuses */
        bool opaque_root; /* overlayfs ignores it: leave the layers below out of the mount */
} LayerResult;

/** layer_check_growth() - is it a bomb?
 * @n_in, @n_out  bytes so far, packed and unpacked
 * Return: 0; -EFBIG with a sentence about "it". */
int layer_check_growth(uint64_t n_in, uint64_t n_out, Fault *reterr);

/** layer_unpack() - make a layer of an archive
 * Entries above id 65535, names that lead out, and all else that cannot be done exactly, fail the
 * call and are named. On failure the directory holds a part, to be deleted.
 * Return: 0; -EBADMSG damaged, or a digest or size is another; -EFBIG a limit is passed; -ENOSPC;
 * -ECANCELED; negative errno; with @reterr set. */
int layer_unpack(const LayerUnpackArgs *args, LayerResult *ret, Fault *reterr);

/** layer_adopt() - make the directories that the archive does not tell of as they are below
 * An archive may have d/f without d. Such a directory is 0755 and root's at first, and would hide
 * what the layers below say of it. Where one of them has it, it gets that one's owner, mode,
 * attributes and time. The root counts too.
 * @dirfd  the layer
 * @lowers trees of the layers below in an image, topmost first, adopted before; O_PATH will do
 * Return: 0; negative errno with @reterr set. */
int layer_adopt(int dirfd, const int *lowers, size_t n_lowers, Fault *reterr);
/** layer_has_implied() - are there such directories, besides the root?
 * @dirfd the layer */
bool layer_has_implied(int dirfd);

/** layer_repack() - write the archive of which the layer was made, bit for bit
 * @dirfd   the layer
 * @diff_id what it must have; seen only at the end, when all was written
 * @control may be NULL; n_out counts
 * Return: 0; -EBADMSG it is another archive: the tree was changed; negative errno; with @reterr
 * set. */
int layer_repack(int dirfd, const char *diff_id, const ByteSink *out, LayerControl *control,
                 Fault *reterr);
/** layer_verify() - as layer_repack(), writing nothing: is the layer what it was? */
int layer_verify(int dirfd, const char *diff_id, LayerControl *control, Fault *reterr);
