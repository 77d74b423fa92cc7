/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OCI layouts: oci-layout, index.json and blobs/sha256/HEX. */
#include "import/import-oci.h"

#include "base/text.h"
#include "image/digest.h"
#include "image/oci-config.h"
#include "image/oci-document.h"
#include "import/image-layers.h"
#include "import/image-make.h"

#include <string.h>

#define JSON_MAX  (4U << 20)
#define BLOB_PATH (sizeof("blobs/sha256/") + 64)

/* The manifest and configuration of one image, as they were found. */
typedef struct Found {
        char *name; /* as the layout says */
        char *manifest, *config, *manifest_digest;
        size_t n_manifest, n_config;
        OciDocument document;
        OciConfig parsed;
} Found;

static void found_done(Found *f)
{
        free(f->name);
        free(f->manifest);
        free(f->config);
        free(f->manifest_digest);
        oci_document_done(&f->document);
        oci_config_done(&f->parsed);
}
#define _cleanup_found_ _cleanup_(found_done)

static void blob_path(const char *digest, char ret[static BLOB_PATH])
{
        (void)snprintf(ret, BLOB_PATH, "blobs/sha256/%s", digest + strlen("sha256:"));
}

static int read_blob(const Bundle *a, const OciDescriptor *d, char **ret, size_t *ret_n,
                     Fault *reterr)
{
        char path[BLOB_PATH], is[DIGEST_TEXT_MAX];
        _cleanup_free_ char *data = NULL;
        size_t n;

        if (d->size > JSON_MAX)
                return fault_set(reterr, FAULT_IMPORT_FAILED, EFBIG,
                                 "blob %.19s is said to have %llu bytes, more than is allowed",
                                 d->digest, (unsigned long long)d->size);
        blob_path(d->digest, path);
        int r = bundle_read(a, path, JSON_MAX, &data, &n, reterr);
        if (r < 0)
                return r;
        if (n != d->size)
                return fault_set(reterr, FAULT_IMPORT_FAILED, EBADMSG,
                                 "blob %.19s has %zu bytes, not the %llu that are said", d->digest,
                                 n, (unsigned long long)d->size);
        r = digest_of(data, n, is);
        if (r < 0)
                return r;
        if (!streq(is, d->digest))
                return fault_set(reterr, FAULT_IMPORT_FAILED, EBADMSG,
                                 "blob %.19s has another digest, %s", d->digest, is);
        *ret = TAKE_PTR(data);
        *ret_n = n;
        return 0;
}

/* ---- which image ---- */

static int refuse_choice(const OciIndex *index, const char *wanted, Fault *reterr)
{
        char names[512] = "";
        size_t at = 0;

        for (size_t i = 0; i < index->n_manifests && at < sizeof(names) - 1; i++) {
                const OciDescriptor *d = &index->manifests[i];
                const char *name = d->image_name ?: d->ref_name;
                _cleanup_free_ char *shown = text_for_display(name ?: d->digest, 100);

                at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s", i ? ", " : "",
                                       shown ?: "");
        }
        return fault_set(reterr, FAULT_NO_SUCH_IMAGE, ENOENT,
                         "the archive has %zu images and none is called '%s': %s",
                         index->n_manifests, wanted ?: "", names);
}

static bool is_named(const OciDescriptor *d, const char *wanted)
{
        return wanted ? import_name_matches(d->image_name, wanted) ||
                                import_name_matches(d->ref_name, wanted)
                      : !d->image_name && !d->ref_name;
}

/* Several entries are several images, unless they have one name, or none: then they are one image
 * for several platforms. */
static int choose(const OciIndex *index, const char *wanted, const OciDescriptor **ret,
                  Fault *reterr)
{
        _cleanup_free_ OciDescriptor *same = calloc(index->n_manifests + 1, sizeof(*same));
        _cleanup_free_ size_t *places = calloc(index->n_manifests + 1, sizeof(*places));
        _cleanup_oci_platform_ OciPlatform host = {0};
        const OciDescriptor *best;
        size_t n = 0;

        if (!same || !places)
                return -ENOMEM;
        if (index->n_manifests == 0)
                return fault_set(reterr, FAULT_IMPORT_FAILED, EBADMSG, "the archive has no image");
        if (index->n_manifests == 1) {
                *ret = &index->manifests[0];
                return 0;
        }
        for (unsigned pass = 0; pass < 2 && n == 0; pass++)
                for (size_t i = 0; i < index->n_manifests; i++)
                        if (is_named(&index->manifests[i], pass == 0 ? wanted : NULL)) {
                                places[n] = i;
                                same[n++] = index->manifests[i]; /* borrows */
                        }
        int r = oci_platform_parse(NULL, &host, reterr);
        if (r < 0)
                return r;
        best = oci_index_choose(&(OciIndex){same, n}, &host);
        if (!best && n != 1)
                return refuse_choice(index, wanted, reterr);
        *ret = &index->manifests[best ? places[best - same] : places[0]];
        return 0;
}

/* Down to the manifest for this host. Digests cannot form a cycle; the depth is bounded anyway. */
static int read_manifest(const Bundle *a, const OciDescriptor *d, Found *f, unsigned depth,
                         Fault *reterr)
{
        _cleanup_oci_document_ OciDocument document = {0};
        _cleanup_oci_platform_ OciPlatform host = {0};
        _cleanup_free_ char *text = NULL, *list = NULL;
        size_t n = 0;

        int r = read_blob(a, d, &text, &n, reterr);
        if (r >= 0)
                r = oci_document_parse(text, n, d->media_type, &document, reterr);
        if (r < 0)
                return r;
        if (document.kind == OCI_DOCUMENT_MANIFEST) {
                f->manifest_digest = strdup(d->digest);
                f->manifest = TAKE_PTR(text);
                f->n_manifest = n;
                f->document = document;
                document = (OciDocument){0};
                return f->manifest_digest ? 0 : -ENOMEM;
        }
        if (depth >= OCI_INDEX_DEPTH)
                return fault_set(reterr, FAULT_IMPORT_FAILED, ELOOP,
                                 "the archive's indexes are nested deeper than %d",
                                 OCI_INDEX_DEPTH);
        r = oci_platform_parse(NULL, &host, reterr);
        if (r < 0)
                return r;
        const OciDescriptor *next = oci_index_choose(&document.index, &host);
        if (next)
                return read_manifest(a, next, f, depth + 1, reterr);
        list = oci_index_platforms(&document.index);
        return fault_set(reterr, FAULT_NO_SUCH_IMAGE, ENOENT,
                         "the image has nothing for %s/%s, only %s", host.os, host.architecture,
                         list ?: "");
}

static int find_image(const Bundle *a, const char *wanted, Found *f, Fault *reterr)
{
        _cleanup_oci_document_ OciDocument index = {0};
        _cleanup_free_ char *marker = NULL, *text = NULL;
        const OciDescriptor *d = NULL;
        size_t n;

        int r = bundle_read(a, "oci-layout", JSON_MAX, &marker, &n, reterr);
        if (r >= 0)
                r = oci_layout_check(marker, n, reterr);
        if (r >= 0)
                r = bundle_read(a, "index.json", JSON_MAX, &text, &n, reterr);
        if (r >= 0)
                r = oci_document_parse(text, n, OCI_TYPE_INDEX, &index, reterr);
        if (r >= 0)
                r = choose(&index.index, wanted, &d, reterr);
        if (r < 0 || !d)
                return r;
        const char *name = d->image_name ?: d->ref_name;
        if (name && !(f->name = strdup(name)))
                return -ENOMEM;
        r = read_manifest(a, d, f, 0, reterr);
        if (r >= 0)
                r = read_blob(a, &f->document.manifest.config, &f->config, &f->n_config, reterr);
        if (r >= 0)
                r = oci_config_parse(f->config, f->n_config, &f->parsed, reterr);
        return r < 0 ? r : oci_check_layers(&f->document.manifest, &f->parsed, reterr);
}

/* ---- import ---- */

static int read_layers(Job *job, const Bundle *a, const Found *f, uint64_t *ret_bytes,
                       char **ret_message, Fault *reterr)
{
        const OciManifest *m = &f->document.manifest;
        _cleanup_free_ BundleLayer *layers = calloc(m->n_layers, sizeof(*layers));
        _cleanup_free_ char(*paths)[BLOB_PATH] = calloc(m->n_layers, sizeof(*paths));
        int r = layers && paths ? 0 : -ENOMEM;

        for (size_t i = 0; i < m->n_layers && r >= 0; i++) {
                blob_path(m->layers[i].digest, paths[i]);
                layers[i] = (BundleLayer){.path = paths[i],
                                          .digest = m->layers[i].digest,
                                          .size = m->layers[i].size,
                                          .diff_id = f->parsed.diff_ids[i]};
                r = compression_of_media_type(m->layers[i].media_type, &layers[i].compression,
                                              reterr);
        }
        if (r >= 0)
                r = image_layers_in(job, a, layers, m->n_layers, reterr);
        if (r >= 0)
                *ret_bytes = image_layers_size(layers, m->n_layers, ret_message);
        return r;
}

int import_layout(Job *job, const Bundle *archive, JobResult *ret, Fault *reterr)
{
        const char *wanted = order_get(job->order, "name");
        _cleanup_free_ char *name = NULL;
        _cleanup_found_ Found f = {0};
        ImageParts parts = {.source = order_get(job->order, "source")};

        progress_set_phase(job->progress, "reading");
        int r = find_image(archive, wanted && *wanted ? wanted : NULL, &f, reterr);
        if (r >= 0)
                r = import_name(wanted, f.name, &name, reterr);
        if (r >= 0)
                r = read_layers(job, archive, &f, &parts.size_bytes, &ret->message, reterr);
        if (r < 0)
                return r;
        parts.name = name;
        parts.manifest = f.manifest;
        parts.n_manifest = f.n_manifest;
        parts.manifest_digest = f.manifest_digest;
        parts.config = f.config;
        parts.n_config = f.n_config;
        parts.config_digest = f.document.manifest.config.digest;
        return image_finish(job, &parts, ret, reterr);
}
