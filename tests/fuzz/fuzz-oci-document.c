/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Manifests and indexes; the first byte says as what the text was sent. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "image/oci-document.h"
#include "image/oci-write.h"

static const char *const types[] = {
        NULL,        OCI_TYPE_MANIFEST, OCI_TYPE_INDEX, DOCKER_TYPE_MANIFEST, DOCKER_TYPE_INDEX,
        "text/plain"};

static void check_descriptor(const OciDescriptor *d)
{
        PROMISE(oci_digest_is_valid(d->digest) && d->size <= INT64_MAX);
}

/* What lodge writes of a manifest, it reads again as the same. */
static void check_manifest(const OciManifest *m)
{
        _cleanup_free_ char *text = oci_manifest_format(m);
        _cleanup_oci_document_ OciDocument again = {0};

        PROMISE(m->n_layers >= 1 && m->n_layers <= OCI_LAYERS_MAX && text);
        check_descriptor(&m->config);
        PROMISE(oci_document_parse(text, strlen(text), NULL, &again, NULL) >= 0);
        PROMISE(again.manifest.n_layers == m->n_layers);
        for (size_t i = 0; i < m->n_layers; i++) {
                check_descriptor(&m->layers[i]);
                PROMISE(streq(m->layers[i].digest, again.manifest.layers[i].digest));
                PROMISE(streq(m->layers[i].media_type, again.manifest.layers[i].media_type));
                PROMISE(m->layers[i].size == again.manifest.layers[i].size);
        }
}

static void check_index(const OciIndex *index)
{
        OciPlatform wanted = {(char *)"linux", (char *)"arm64", (char *)"v8"};
        _cleanup_free_ char *list = oci_index_platforms(index);
        const OciDescriptor *chosen = oci_index_choose(index, &wanted);

        PROMISE(list && index->n_manifests <= OCI_MANIFESTS_MAX);
        PROMISE(!chosen ||
                (chosen >= index->manifests && chosen < index->manifests + index->n_manifests));
        for (size_t i = 0; i < index->n_manifests; i++)
                check_descriptor(&index->manifests[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_oci_document_ OciDocument d = {0};
        _cleanup_fault_ Fault fault = {0};
        _cleanup_free_ char *text = NULL;

        if (n == 0)
                return 0;
        text = fuzz_copy(data + 1, n - 1);
        (void)oci_layout_check(text, n - 1, NULL);
        if (oci_document_parse(text, n - 1, types[data[0] % ELEMENTSOF(types)], &d, &fault) < 0) {
                PROMISE(!fault.message || !strpbrk(fault.message, "\n\x1b"));
                return 0;
        }
        if (d.kind == OCI_DOCUMENT_MANIFEST)
                check_manifest(&d.manifest);
        else
                check_index(&d.index);
        return 0;
}
