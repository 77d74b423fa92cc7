/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives of `docker save`: manifest.json names the files of each image. They have no manifest as
 * registries do, so one is made that describes the files as they are. */
#include "import/import-oci.h"

#include "base/text.h"
#include "image/digest.h"
#include "image/docker-archive.h"
#include "image/oci-config.h"
#include "image/oci-write.h"
#include "import/image-layers.h"
#include "import/image-make.h"

#include <string.h>

#define JSON_MAX (4U << 20)

static const DockerImage *find_tag(const DockerArchive *a, const char *wanted, const char **ret_tag)
{
        for (size_t i = 0; i < a->n_images; i++)
                STRV_FOREACH (tag, a->images[i].tags)
                        if (import_name_matches(*tag, wanted)) {
                                *ret_tag = *tag;
                                return &a->images[i];
                        }
        return NULL;
}

static int refuse_choice(const DockerArchive *a, const char *wanted, Fault *reterr)
{
        char names[512] = "";
        size_t at = 0;

        for (size_t i = 0; i < a->n_images; i++)
                STRV_FOREACH (tag, a->images[i].tags) {
                        _cleanup_free_ char *shown = text_for_display(*tag, 100);

                        if (at < sizeof(names) - 1)
                                at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s",
                                                       at ? ", " : "", shown ?: "");
                }
        return fault_set(reterr, FAULT_NO_SUCH_IMAGE, ENOENT,
                         "the archive has %zu images and none is called '%s': %s", a->n_images,
                         wanted ?: "", names);
}

static int choose(const DockerArchive *a, const char *wanted, const DockerImage **ret,
                  const char **ret_tag, Fault *reterr)
{
        *ret = wanted ? find_tag(a, wanted, ret_tag) : NULL;
        if (*ret)
                return 0;
        if (a->n_images > 1)
                return refuse_choice(a, wanted, reterr);
        *ret = &a->images[0];
        *ret_tag = a->images[0].tags ? a->images[0].tags[0] : NULL;
        return 0;
}

static const char *type_of(const char *data, size_t n)
{
        if (n >= 2 && memcmp(data, "\x1f\x8b", 2) == 0)
                return OCI_TYPE_LAYER_GZIP;
        return n >= 4 && memcmp(data, "\x28\xb5\x2f\xfd", 4) == 0 ? OCI_TYPE_LAYER_ZSTD
                                                                  : OCI_TYPE_LAYER;
}

/* What the manifest is to say of a layer's file. The digest of an archive that is not compressed is
 * its diff_id; else it was computed while unpacking, or is now, if the store has the layer. */
static int describe_layer(const Bundle *a, const BundleLayer *l, OciDescriptor *ret, Fault *reterr)
{
        _cleanup_bundle_file_ BundleFile file = {.fd = -EBADF};
        _cleanup_digest_ Digest *digest = digest_new();
        char text[DIGEST_TEXT_MAX] = "";
        const uint8_t *data;
        const char *type = NULL;
        size_t n;

        int r = digest ? bundle_open(a, l->path, NULL, &file, reterr) : -ENOMEM;
        if (r < 0)
                return r;
        ByteSource source = bundle_source(&file);
        bool known = l->result.digest[0] != '\0';
        while ((r = source.next(source.userdata, &data, &n, reterr)) > 0) {
                type = type ?: type_of((const char *)data, n);
                known = known || streq(type, OCI_TYPE_LAYER);
                if (known)
                        break;
                r = digest_update(digest, data, n);
                if (r < 0)
                        return r;
        }
        if (r >= 0 && !known)
                r = digest_end(digest, text);
        if (r < 0)
                return r;
        *ret = (OciDescriptor){
                .media_type = strdup(type ?: OCI_TYPE_LAYER),
                .digest = strdup(!known                ? text
                                 : l->result.digest[0] ? l->result.digest
                                                       : l->diff_id),
                .size = file.size,
        };
        return ret->media_type && ret->digest ? 0 : -ENOMEM;
}

static int make_manifest(const Bundle *a, const BundleLayer *layers, size_t n,
                         const char *config_digest, size_t n_config, char **ret, Fault *reterr)
{
        _cleanup_oci_document_ OciDocument d = {0};
        OciManifest *m = &d.manifest;
        int r = 0;

        m->config.media_type = strdup(OCI_TYPE_CONFIG);
        m->config.digest = strdup(config_digest);
        m->config.size = n_config;
        m->layers = calloc(n + 1, sizeof(*m->layers)); /* there may be none */
        if (!m->config.media_type || !m->config.digest || !m->layers)
                return -ENOMEM;
        for (; m->n_layers < n && r >= 0; m->n_layers++)
                r = describe_layer(a, &layers[m->n_layers], &m->layers[m->n_layers], reterr);
        if (r < 0)
                return r;
        *ret = oci_manifest_format(m);
        return *ret ? 0 : -ENOMEM;
}

static int import_image(Job *job, const Bundle *a, const DockerImage *image, const char *name,
                        JobResult *ret, Fault *reterr)
{
        char config_digest[DIGEST_TEXT_MAX], manifest_digest[DIGEST_TEXT_MAX];
        _cleanup_free_ char *config = NULL, *manifest = NULL;
        _cleanup_free_ BundleLayer *layers = NULL;
        _cleanup_oci_config_ OciConfig c = {0};
        size_t n = strv_length(image->layers), n_config;

        int r = bundle_read(a, image->config, JSON_MAX, &config, &n_config, reterr);
        if (r >= 0)
                r = oci_config_parse(config, n_config, &c, reterr);
        if (r >= 0 && strv_length(c.diff_ids) != n)
                r = fault_set(reterr, FAULT_IMPORT_FAILED, EBADMSG,
                              "manifest.json names %zu layers, the configuration %zu", n,
                              strv_length(c.diff_ids));
        layers = calloc(n + 1, sizeof(*layers));
        if (r < 0 || !layers)
                return r < 0 ? r : -ENOMEM;
        for (size_t i = 0; i < n; i++)
                layers[i] = (BundleLayer){.path = image->layers[i], .diff_id = c.diff_ids[i]};
        r = image_layers_in(job, a, layers, n, reterr);
        if (r >= 0)
                r = digest_of(config, n_config, config_digest);
        if (r >= 0)
                r = make_manifest(a, layers, n, config_digest, n_config, &manifest, reterr);
        if (r >= 0)
                r = digest_of(manifest, strlen(manifest), manifest_digest);
        if (r < 0)
                return r;
        ImageParts parts = {
                .name = name,
                .source = order_get(job->order, "source"),
                .manifest = manifest,
                .manifest_digest = manifest_digest,
                .n_manifest = strlen(manifest),
                .config = config,
                .config_digest = config_digest,
                .n_config = n_config,
                .size_bytes = image_layers_size(layers, n, &ret->message),
        };
        return image_finish(job, &parts, ret, reterr);
}

int import_docker(Job *job, const Bundle *archive, JobResult *ret, Fault *reterr)
{
        const char *wanted = order_get(job->order, "name"), *tag = NULL;
        _cleanup_docker_archive_ DockerArchive a = {0};
        _cleanup_free_ char *text = NULL, *name = NULL;
        const DockerImage *image = NULL;
        size_t n;

        progress_set_phase(job->progress, "reading");
        int r = bundle_read(archive, "manifest.json", JSON_MAX, &text, &n, reterr);
        if (r >= 0)
                r = docker_archive_parse(text, n, &a, reterr);
        if (r >= 0)
                r = choose(&a, wanted && *wanted ? wanted : NULL, &image, &tag, reterr);
        if (r >= 0)
                r = import_name(wanted, tag, &name, reterr);
        return r < 0 ? r : import_image(job, archive, image, name, ret, reterr);
}
