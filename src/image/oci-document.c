/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/oci-document.h"

#include "image/oci-json.h"

#include "base/text.h"

#include <string.h>

static const char *const layer_types[] = {OCI_TYPE_LAYER,        OCI_TYPE_LAYER_GZIP,
                                          OCI_TYPE_LAYER_ZSTD,   DOCKER_TYPE_LAYER,
                                          DOCKER_TYPE_LAYER_TAR, DOCKER_TYPE_LAYER_ZSTD};

bool oci_digest_is_valid(const char *s)
{
        return s && strncmp(s, "sha256:", 7) == 0 && strlen(s) == 7 + 64 &&
               strspn(s + 7, "0123456789abcdef") == 64;
}

void oci_descriptor_done(OciDescriptor *d)
{
        free(d->media_type);
        free(d->digest);
        oci_platform_done(&d->platform);
        free(d->ref_name);
        free(d->image_name);
        *d = (OciDescriptor){0};
}

static void free_descriptors(OciDescriptor *v, size_t n)
{
        for (size_t i = 0; i < n; i++)
                oci_descriptor_done(&v[i]);
        free(v);
}

void oci_document_done(OciDocument *d)
{
        oci_descriptor_done(&d->manifest.config);
        free_descriptors(d->manifest.layers, d->manifest.n_layers);
        free_descriptors(d->index.manifests, d->index.n_manifests);
        *d = (OciDocument){0};
}

/* ---- descriptors ---- */

static int unsupported(const OciReader *r, const char *what, const char *value)
{
        _cleanup_free_ char *shown = text_for_display(value ?: "", 128);

        return fault_set(r->reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP, "%s has %s '%s'", r->what,
                         what, shown ?: "");
}

static int check_digest(const OciReader *r, const char *digest)
{
        if (!digest)
                return oci_json_fault(r, "has a descriptor without digest");
        if (oci_digest_is_valid(digest))
                return 0;
        if (strncmp(digest, "sha512:", 7) == 0 || strncmp(digest, "sha384:", 7) == 0)
                return unsupported(r, "a digest that is not of sha256:", digest);
        _cleanup_free_ char *shown = text_for_display(digest, 128);
        return oci_json_fault(r, "has a digest that is none: '%s'", shown ?: "");
}

static int read_platform(const OciReader *r, const json_t *object, OciPlatform *ret)
{
        json_t *platform;

        int k = oci_json_object(r, object, "platform", &platform);
        if (k >= 0)
                k = oci_json_string(r, platform, "os", &ret->os);
        if (k >= 0)
                k = oci_json_string(r, platform, "architecture", &ret->architecture);
        return k < 0 ? k : oci_json_string(r, platform, "variant", &ret->variant);
}

static int read_annotations(const OciReader *r, const json_t *object, OciDescriptor *d)
{
        json_t *annotations;

        int k = oci_json_object(r, object, "annotations", &annotations);
        if (k >= 0)
                k = oci_json_string(r, annotations, "org.opencontainers.image.ref.name",
                                    &d->ref_name);
        return k < 0 ? k
                     : oci_json_string(r, annotations, "io.containerd.image.name", &d->image_name);
}

static int read_descriptor(const OciReader *r, const json_t *object, OciDescriptor *ret)
{
        _cleanup_oci_descriptor_ OciDescriptor d = {0};

        if (!json_is_object(object))
                return oci_json_fault(r, "has a descriptor that is no object");
        int k = oci_json_string(r, object, "mediaType", &d.media_type);
        if (k >= 0)
                k = oci_json_string(r, object, "digest", &d.digest);
        if (k >= 0)
                k = check_digest(r, d.digest);
        if (k >= 0)
                k = oci_json_number(r, object, "size", UINT64_MAX, &d.size);
        if (k >= 0 && d.size == UINT64_MAX)
                k = oci_json_fault(r, "has a descriptor without size");
        if (k >= 0)
                k = read_platform(r, object, &d.platform);
        if (k >= 0)
                k = read_annotations(r, object, &d);
        if (k < 0)
                return k;
        *ret = d;
        d = (OciDescriptor){0};
        return 0;
}

static int check_layer(const OciReader *r, const json_t *object, const OciDescriptor *d)
{
        json_t *urls = json_object_get(object, "urls");

        if (json_array_size(urls) > 0 ||
            (d->media_type &&
             (strstr(d->media_type, "foreign") || strstr(d->media_type, "nondistributable"))))
                return unsupported(r, "a layer that is kept elsewhere:", d->media_type);
        for (size_t i = 0; i < ELEMENTSOF(layer_types); i++)
                if (streq(d->media_type, layer_types[i]))
                        return 0;
        return unsupported(r, "a layer of a type that is not known:", d->media_type ?: "(none)");
}

/* ---- documents ---- */

/* @ret and @ret_n hold what has been read so far, also on failure. */
static int read_list(const OciReader *r, json_t *array, bool layers, OciDescriptor **ret,
                     size_t *ret_n)
{
        size_t i;
        json_t *value;

        *ret = calloc(json_array_size(array) + 1, sizeof(**ret));
        if (!*ret)
                return -ENOMEM;
        json_array_foreach(array, i, value)
        {
                int k = read_descriptor(r, value, *ret + i);

                if (k < 0)
                        return k;
                *ret_n = i + 1;
                k = layers ? check_layer(r, value, *ret + i) : 0;
                if (k < 0)
                        return k;
        }
        return 0;
}

static int read_manifest(const OciReader *r, const json_t *root, OciManifest *m)
{
        json_t *config, *layers;

        int k = oci_json_object(r, root, "config", &config);
        if (k >= 0 && !config)
                k = oci_json_fault(r, "names no configuration");
        if (k >= 0)
                k = oci_json_array(r, root, "layers", OCI_LAYERS_MAX, &layers);
        if (k >= 0 && json_array_size(layers) == 0)
                k = oci_json_fault(r, "has no layers");
        if (k >= 0)
                k = read_descriptor(r, config, &m->config);
        if (k >= 0 && m->config.media_type && !streq(m->config.media_type, OCI_TYPE_CONFIG) &&
            !streq(m->config.media_type, DOCKER_TYPE_CONFIG))
                k = unsupported(
                        r, "a configuration of a type that is no image's:", m->config.media_type);
        return k < 0 ? k : read_list(r, layers, true, &m->layers, &m->n_layers);
}

static int read_index(const OciReader *r, const json_t *root, OciIndex *index)
{
        json_t *manifests;

        int k = oci_json_array(r, root, "manifests", OCI_MANIFESTS_MAX, &manifests);
        return k < 0 ? k : read_list(r, manifests, false, &index->manifests, &index->n_manifests);
}

static bool is_index_type(const char *media_type)
{
        return streq(media_type, OCI_TYPE_INDEX) || streq(media_type, DOCKER_TYPE_INDEX);
}

static bool is_manifest_type(const char *media_type)
{
        return streq(media_type, OCI_TYPE_MANIFEST) || streq(media_type, DOCKER_TYPE_MANIFEST);
}

/* One text must never be taken for a manifest by one reader and for an index by another
 * (CVE-2021-41190): what it is has to follow from its type and its content alike. */
static int find_kind(const OciReader *r, const json_t *root, const char *media_type,
                     OciDocument *ret)
{
        _cleanup_free_ char *own = NULL;
        bool has_layers = json_object_get(root, "layers") || json_object_get(root, "config");
        bool has_manifests = json_object_get(root, "manifests");

        int k = oci_json_string(r, root, "mediaType", &own);
        if (k < 0)
                return k;
        if (own && media_type && !streq(own, media_type))
                return oci_json_fault(r, "calls itself something else than it was sent as");
        const char *type = own ?: media_type;
        if (type && !is_index_type(type) && !is_manifest_type(type))
                return unsupported(r, "a type that is no image's:", type);
        if (has_layers == has_manifests)
                return oci_json_fault(r, has_layers ? "is a manifest and an index at once"
                                                    : "has neither layers nor manifests");
        if (type && is_index_type(type) != has_manifests)
                return oci_json_fault(r, "is not what its type says");
        ret->kind = has_manifests ? OCI_DOCUMENT_INDEX : OCI_DOCUMENT_MANIFEST;
        ret->manifest.docker = streq(type, DOCKER_TYPE_MANIFEST);
        return 0;
}

int oci_document_parse(const char *text, size_t n, const char *media_type, OciDocument *ret,
                       Fault *reterr)
{
        OciReader r = {.what = "the image's manifest", .reterr = reterr};
        _cleanup_oci_document_ OciDocument d = {0};
        _cleanup_json_ json_t *root = NULL;
        uint64_t version;

        int k = oci_json_load(&r, text, n, &root);
        if (k >= 0 && !json_is_object(root))
                k = oci_json_fault(&r, "is no object");
        if (k >= 0)
                k = oci_json_number(&r, root, "schemaVersion", 2, &version);
        if (k >= 0 && version != 2)
                k = fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                              "%s has schema version %llu; only 2 is supported", r.what,
                              (unsigned long long)version);
        if (k >= 0)
                k = find_kind(&r, root, media_type, &d);
        if (k >= 0)
                k = d.kind == OCI_DOCUMENT_INDEX ? read_index(&r, root, &d.index)
                                                 : read_manifest(&r, root, &d.manifest);
        if (k < 0)
                return k;
        *ret = d;
        d = (OciDocument){0};
        return 0;
}

int oci_layout_check(const char *text, size_t n, Fault *reterr)
{
        OciReader r = {.what = "the file oci-layout", .reterr = reterr};
        _cleanup_json_ json_t *root = NULL;
        _cleanup_free_ char *version = NULL;

        int k = oci_json_load(&r, text, n, &root);
        if (k >= 0)
                k = oci_json_string(&r, root, "imageLayoutVersion", &version);
        if (k >= 0 && (!version || strncmp(version, "1.", 2) != 0))
                k = unsupported(&r, "a version that is not known:", version);
        return k;
}

/* ---- choice ---- */

/* No image, but what buildkit says about one, its origin and its parts. */
static bool is_attestation(const OciDescriptor *d)
{
        return streq(d->platform.os, "unknown") && streq(d->platform.architecture, "unknown");
}

/* The only image; NULL: there are more, or none. */
static const OciDescriptor *only_image(const OciIndex *index)
{
        const OciDescriptor *only = NULL;

        for (size_t i = 0; i < index->n_manifests; i++) {
                if (is_attestation(&index->manifests[i]))
                        continue;
                if (only)
                        return NULL;
                only = &index->manifests[i];
        }
        return only;
}

const OciDescriptor *oci_index_choose(const OciIndex *index, const OciPlatform *platform)
{
        const OciDescriptor *best = NULL, *only = only_image(index);
        int most = 0;

        if (only && !only->platform.architecture)
                return only;
        for (size_t i = 0; i < index->n_manifests; i++) {
                int n = oci_platform_match(&index->manifests[i].platform, platform);

                if (n > most) { /* the first of equals, as others do */
                        most = n;
                        best = &index->manifests[i];
                }
        }
        return best;
}

char *oci_index_platforms(const OciIndex *index)
{
        char *list = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&list, &size);

        if (!f)
                return NULL;
        for (size_t i = 0, n = 0; i < index->n_manifests && n < 16; i++) {
                if (is_attestation(&index->manifests[i]))
                        continue;
                _cleanup_free_ char *name = oci_platform_format(&index->manifests[i].platform);
                _cleanup_free_ char *shown = text_for_display(name ?: "", 64);

                (void)fprintf(f, "%s%s", n++ ? ", " : "", shown ?: "");
        }
        if (fclose(f) != 0) {
                free(list);
                return NULL;
        }
        return list;
}
