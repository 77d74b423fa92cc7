/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The media types of OCI's image format and of Docker's, which came before. */
#pragma once

#define OCI_TYPE_INDEX         "application/vnd.oci.image.index.v1+json"
#define OCI_TYPE_MANIFEST      "application/vnd.oci.image.manifest.v1+json"
#define OCI_TYPE_CONFIG        "application/vnd.oci.image.config.v1+json"
#define OCI_TYPE_LAYER         "application/vnd.oci.image.layer.v1.tar"
#define OCI_TYPE_LAYER_GZIP    "application/vnd.oci.image.layer.v1.tar+gzip"
#define OCI_TYPE_LAYER_ZSTD    "application/vnd.oci.image.layer.v1.tar+zstd"
#define DOCKER_TYPE_INDEX      "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_TYPE_MANIFEST   "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_TYPE_CONFIG     "application/vnd.docker.container.image.v1+json"
#define DOCKER_TYPE_LAYER      "application/vnd.docker.image.rootfs.diff.tar.gzip"
#define DOCKER_TYPE_LAYER_TAR  "application/vnd.docker.image.rootfs.diff.tar"
#define DOCKER_TYPE_LAYER_ZSTD "application/vnd.docker.image.rootfs.diff.tar.zstd"
