/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/docker-archive.h"

#include "image/oci-document.h"
#include "image/oci-json.h"

#include "base/text.h"

#include <string.h>

void docker_archive_done(DockerArchive *a)
{
        for (size_t i = 0; i < a->n_images; i++) {
                free(a->images[i].config);
                strv_free(a->images[i].tags);
                strv_free(a->images[i].layers);
        }
        free(a->images);
        *a = (DockerArchive){0};
}

/* They are looked up among the names of the archive, never opened; still none may look as if it
 * led out. */
static bool path_is_sound(const char *path)
{
        size_t n = strlen(path);

        if (n == 0 || n > 4096 || path[0] == '/')
                return false;
        for (const char *s = path; *s;) {
                size_t length = strcspn(s, "/");

                if (length == 0 || (length == 1 && s[0] == '.') ||
                    (length == 2 && s[0] == '.' && s[1] == '.'))
                        return false;
                s += length + (s[length] == '/');
        }
        return path[n - 1] != '/';
}

static int read_image(const OciReader *r, const json_t *object, DockerImage *ret)
{
        if (!json_is_object(object))
                return oci_json_fault(r, "has something else than an image");
        int k = oci_json_string(r, object, "Config", &ret->config);
        if (k >= 0)
                k = oci_json_strings(r, object, "RepoTags", &ret->tags);
        if (k >= 0)
                k = oci_json_strings(r, object, "Layers", &ret->layers);
        if (k < 0)
                return k;
        if (!ret->config || !path_is_sound(ret->config))
                return oci_json_fault(r, "has an image without a sound path of its configuration");
        if (!ret->layers || !*ret->layers || strv_length(ret->layers) > OCI_LAYERS_MAX)
                return oci_json_fault(r, "has an image with no layers, or more than %d",
                                      OCI_LAYERS_MAX);
        STRV_FOREACH (s, ret->layers)
                if (!path_is_sound(*s))
                        return oci_json_fault(r, "has an image without sound paths of its layers");
        return 0;
}

int docker_archive_parse(const char *text, size_t n, DockerArchive *ret, Fault *reterr)
{
        const OciReader r = {.what = "manifest.json of the archive", .reterr = reterr};
        _cleanup_docker_archive_ DockerArchive a = {0};
        _cleanup_json_ json_t *root = NULL;
        json_t *value;
        size_t i;

        int k = oci_json_load(&r, text, n, &root);
        if (k < 0)
                return k;
        if (!json_is_array(root) || json_array_size(root) == 0 ||
            json_array_size(root) > DOCKER_IMAGES_MAX)
                return oci_json_fault(&r, "is no list of 1 to %d images", DOCKER_IMAGES_MAX);
        a.images = calloc(json_array_size(root), sizeof(*a.images));
        if (!a.images)
                return -ENOMEM;
        json_array_foreach(root, i, value)
        {
                a.n_images = i + 1;
                k = read_image(&r, value, &a.images[i]);
                if (k < 0)
                        return k;
        }
        *ret = a;
        memset(&a, 0, sizeof(a));
        return 0;
}

char *docker_archive_format(const char *config, const char *tag, char *const *layers)
{
        _cleanup_json_ json_t *paths = json_array();
        _cleanup_json_ json_t *root = NULL;
        int failed = 0;

        STRV_FOREACH (s, layers)
                failed |= json_array_append_new(paths, json_string(*s)) < 0;
        root = json_pack("[{s:s, s:o, s:O}]", "Config", config, "RepoTags",
                         tag ? json_pack("[s]", tag) : json_array(), "Layers", paths);
        return failed || !root ? NULL : oci_json_text(root);
}
