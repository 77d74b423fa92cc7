/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* manifest.json of an archive as `docker save` writes it: which files of the archive make up which
 * image. */
#pragma once

#include "base/fault.h"

#include <stddef.h>

#define DOCKER_IMAGES_MAX 1024

typedef struct DockerImage {
        char *config;  /* path in the archive, as everything here cleaned and relative */
        char **tags;   /* "busybox:latest"; NULL: none */
        char **layers; /* paths, lowest first */
} DockerImage;

typedef struct DockerArchive {
        DockerImage *images;
        size_t n_images;
} DockerArchive;

/** docker_archive_parse() - read manifest.json
 * @ret docker_archive_done() frees it; set on success only
 * Return: 0; -EBADMSG, -EFBIG with FAULT_IMPORT_FAILED; -ENOMEM. */
int docker_archive_parse(const char *text, size_t n, DockerArchive *ret, Fault *reterr);
/** docker_archive_done() - free what @a holds and make it empty */
void docker_archive_done(DockerArchive *a);
#define _cleanup_docker_archive_ _cleanup_(docker_archive_done)

/** docker_archive_format() - manifest.json of one image
 * @tag may be NULL
 * Return: newly allocated, caller frees; NULL on OOM. */
char *docker_archive_format(const char *config, const char *tag, char *const *layers);
