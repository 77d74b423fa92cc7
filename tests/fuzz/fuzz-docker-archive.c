/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* manifest.json of `docker save`. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "image/docker-archive.h"

static void check_path(const char *path)
{
        PROMISE(path[0] != '/' && !streq(path, "..") && strncmp(path, "../", 3) != 0 &&
                !strstr(path, "/../") && !strstr(path, "//"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_docker_archive_ DockerArchive a = {0};
        _cleanup_free_ char *text = fuzz_copy(data, n);

        if (docker_archive_parse(text, n, &a, NULL) < 0)
                return 0;
        PROMISE(a.n_images >= 1 && a.n_images <= DOCKER_IMAGES_MAX);
        for (size_t i = 0; i < a.n_images; i++) {
                check_path(a.images[i].config);
                PROMISE(*a.images[i].layers);
                STRV_FOREACH (path, a.images[i].layers)
                        check_path(*path);
        }
        return 0;
}
