/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Manifests: had by tag or digest, given by tag. */
#include "base/text.h"
#include "image/digest.h"
#include "import/registry-internal.h"

#include <string.h>

/* Without its type here, a registry may say of a manifest that it is not there. */
static char *const accept_manifests[] = {
        (char *)"Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json",
        NULL,
};

void registry_manifest_done(RegistryManifest *m)
{
        free(m->media_type);
        free(m->digest);
        free(m->text);
        *m = (RegistryManifest){0};
}

/* "TYPE/SUBTYPE; charset=utf-8" */
static int take_media_type(const char *header, char **ret)
{
        *ret = NULL;
        if (!header)
                return 0;
        *ret = strndup(header, strcspn(header, "; \t"));
        return *ret ? 0 : -ENOMEM;
}

/* What was asked for is what counts; the header is the registry's word about what it sent. */
static int check_digest(const Registry *r, const char *wanted, const char *told, const char *found,
                        Fault *reterr)
{
        if (wanted && !streq(wanted, found))
                return registry_fault_content(
                        r, reterr,
                        "the registry sends another manifest than the one asked for: %s instead of %s; do not use this registry or mirror",
                        found, wanted);
        if (told && digest_is_valid(told) && !streq(told, found))
                return registry_fault_content(
                        r, reterr,
                        "the manifest was damaged on its way: it is %s, and the registry says %s; try again",
                        found, told);
        return 0;
}

int registry_get_manifest(Registry *r, Http *h, const char *digest, RegistryManifest *ret,
                          Fault *reterr)
{
        _cleanup_http_response_ HttpResponse response = {0};
        const char *wanted = digest ?: r->by_digest ? digest ?: r->target : NULL;
        _cleanup_free_ char *path = NULL, *media_type = NULL, *copy = NULL;
        char found[DIGEST_TEXT_MAX];

        if (asprintf(&path, "/manifests/%s", digest ?: r->target) < 0)
                return -ENOMEM;
        int k = registry_call(r, h,
                              &(Call){.method = "GET",
                                      .path = path,
                                      .headers = accept_manifests,
                                      .what = "manifest",
                                      .max_body = REGISTRY_MANIFEST_MAX,
                                      .chooses = true},
                              &response, reterr);
        if (k >= 0)
                k = digest_of(response.body, response.n_body, found);
        if (k >= 0)
                k = check_digest(r, wanted, response.headers[HTTP_DIGEST], found, reterr);
        if (k >= 0)
                k = take_media_type(response.headers[HTTP_CONTENT_TYPE], &media_type);
        if (k < 0)
                return k;
        copy = strdup(found);
        if (!copy)
                return -ENOMEM;
        *ret = (RegistryManifest){.media_type = TAKE_PTR(media_type),
                                  .digest = TAKE_PTR(copy),
                                  .text = TAKE_PTR(response.body),
                                  .n = response.n_body};
        return 0;
}

int registry_put_manifest(Registry *r, Http *h, const char *media_type, const void *text, size_t n,
                          Fault *reterr)
{
        _cleanup_http_response_ HttpResponse response = {0};
        _cleanup_free_ char *path = NULL, *type = NULL;
        char digest[DIGEST_TEXT_MAX];
        const char *told;

        int k = digest_of(text, n, digest);
        if (k < 0)
                return k;
        if (r->by_digest && !streq(digest, r->target))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "%s: what is to be pushed is %s; give a tag instead of a digest",
                                 r->name, digest);
        if (asprintf(&path, "/manifests/%s", r->target) < 0 ||
            asprintf(&type, "Content-Type: %s", media_type) < 0)
                return -ENOMEM;
        k = registry_call(r, h,
                          &(Call){.method = "PUT",
                                  .path = path,
                                  .headers = (char *[]){type, NULL},
                                  .what = "manifest",
                                  .body = text,
                                  .n_body = n,
                                  .patient = true},
                          &response, reterr);
        told = response.headers[HTTP_DIGEST];
        if (k >= 0 && digest_is_valid(told) && !streq(told, digest))
                return registry_fault_content(r, reterr,
                                              "the registry took the manifest for %s, but it is %s",
                                              told, digest);
        return k;
}
