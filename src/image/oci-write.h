/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Manifests, indexes and configurations that lodge writes. The same input gives the same bytes. */
#pragma once

#include "image/oci-document.h"

/** oci_manifest_format() - the text of a manifest
 * @m its config, layers and docker are used
 * Return: newly allocated, caller frees; NULL on OOM. */
char *oci_manifest_format(const OciManifest *m);
/** oci_index_format() - the text of an index of one manifest, as index.json of a layout
 * @manifest its ref_name becomes an annotation if it is set
 * Return: newly allocated, caller frees; NULL on OOM. */
char *oci_index_format(const OciDescriptor *manifest);

/* A layer on top of an image, or the first one. */
typedef struct OciChange {
        const char *diff_id; /* of the new layer */
        uint64_t created_usec;
        const char *author, *message, *created_by;                          /* NULL: not said */
        const char *platform_os, *platform_architecture, *platform_variant; /* of a new image */
        char **entrypoint, **command; /* NULL: as it was; empty: none */
        char **environment, **labels; /* KEY=VALUE: added to what there is */
        char **volumes, **exposed_ports;
        const char *user, *working_directory, *stop_signal; /* NULL: as it was */
} OciChange;

/** oci_config_amend() - the configuration of an image with one more layer
 * What lodge does not know is kept.
 * @base  of the image below, as it was parsed before; NULL: there is none
 * @ret   newly allocated, caller frees
 * Return: 0; -EBADMSG; -ENOMEM. */
int oci_config_amend(const char *base, size_t n_base, const OciChange *change, char **ret,
                     Fault *reterr);
