/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Manifests and indexes of OCI, and Docker's counterparts, as data. Strict: what does not fit is
 * refused before anything is fetched or written. */
#pragma once

#include "image/oci-media.h"
#include "image/oci-platform.h"

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OCI_LAYERS_MAX    127   /* as in Docker, and what a machine's overlay takes */
#define OCI_MANIFESTS_MAX 10000 /* of an index */
#define OCI_INDEX_DEPTH   4     /* indexes in indexes that a caller may follow */

typedef struct OciDescriptor {
        char *media_type; /* NULL: not given */
        char *digest;     /* "sha256:HEX", checked */
        uint64_t size;
        OciPlatform platform; /* in an index; all NULL: not given */
        char *ref_name;       /* annotation: tag, or full reference */
        char *image_name;     /* annotation of containerd's: full reference */
} OciDescriptor;

typedef struct OciManifest {
        OciDescriptor config;
        OciDescriptor *layers; /* lowest first */
        size_t n_layers;
        bool docker; /* Docker's media types */
} OciManifest;

typedef struct OciIndex {
        OciDescriptor *manifests;
        size_t n_manifests;
} OciIndex;

typedef enum OciDocumentKind {
        OCI_DOCUMENT_MANIFEST,
        OCI_DOCUMENT_INDEX,
} OciDocumentKind;

typedef struct OciDocument {
        OciDocumentKind kind;
        OciManifest manifest; /* empty if it is an index */
        OciIndex index;       /* empty if it is a manifest */
} OciDocument;

/** oci_document_parse() - read a manifest or an index, whichever it is
 * @media_type of its descriptor or HTTP answer, without parameters; NULL: not known. Must agree
 *             with what the text says of itself.
 * @ret        oci_document_done() frees it; set on success only
 * Return: 0; -EBADMSG, -EFBIG with FAULT_IMPORT_FAILED; -EOPNOTSUPP with FAULT_NOT_SUPPORTED: a
 * type of document, layer or digest that lodge does not take; -ENOMEM. */
int oci_document_parse(const char *text, size_t n, const char *media_type, OciDocument *ret,
                       Fault *reterr);
/** oci_document_done() - free what @d holds and make it empty */
void oci_document_done(OciDocument *d);
#define _cleanup_oci_document_ _cleanup_(oci_document_done)

/** oci_layout_check() - is this text of a file oci-layout one of a version that is known?
 * Return: 0; -EBADMSG; -EOPNOTSUPP with FAULT_NOT_SUPPORTED. */
int oci_layout_check(const char *text, size_t n, Fault *reterr);

/** oci_index_choose() - the manifest for a platform
 * The variant itself is best, then none, then the highest below it. A descriptor without platform
 * fits if it is the only one, not counting what is said of images and is none itself.
 * Return: borrowed from @index; NULL: none fits. */
const OciDescriptor *oci_index_choose(const OciIndex *index, const OciPlatform *platform);
/** oci_index_platforms() - what there is to choose from, for a message: "linux/amd64, linux/arm64"
 * Return: newly allocated, caller frees; NULL on OOM. */
char *oci_index_platforms(const OciIndex *index);

/** oci_descriptor_done() - free what @d holds and make it empty */
void oci_descriptor_done(OciDescriptor *d);
#define _cleanup_oci_descriptor_ _cleanup_(oci_descriptor_done)

/** oci_digest_is_valid() - "sha256:" and 64 lower case digits, which no path can be hidden in? */
bool oci_digest_is_valid(const char *s);
