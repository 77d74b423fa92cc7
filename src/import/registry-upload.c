/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blobs on their way to a registry. */
#include "base/text.h"
#include "import/http-url.h"
#include "import/registry-internal.h"

#include <string.h>

#define TRIES_MAX 4

int registry_has_blob(Registry *r, Http *h, const char *digest, Fault *reterr)
{
        _cleanup_http_response_ HttpResponse response = {0};
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "/blobs/%s", digest) < 0)
                return -ENOMEM;
        int k = registry_call(r, h,
                              &(Call){.method = "HEAD",
                                      .path = path,
                                      .what = "blob",
                                      .missing_ok = true,
                                      .chooses = true},
                              &response, reterr);
        return k < 0 ? k : response.status / 100 == 2;
}

/* Where the registry wants the bytes: from its answer to a POST.
 * Return: 0; -EBADMSG with @reterr set; -ENOMEM. */
static int upload_url(const Registry *r, const HttpResponse *response, char **ret, Fault *reterr)
{
        const char *location = response->headers[HTTP_LOCATION];
        const Endpoint *e = &r->endpoints[r->current];
        int k = location ? http_url_resolve(e->base, location, ret) : -EINVAL;

        if (k >= 0 || k == -ENOMEM)
                return k;
        _cleanup_free_ char *shown = location ? text_for_display(location, 120) : NULL;
        return registry_fault_content(
                r, reterr, "the registry %s names no place to send to that lodge would go to%s%s",
                e->host, shown ? ": " : "", shown ?: "");
}

static int start(Registry *r, Http *h, const char *query, HttpResponse *ret, Fault *reterr)
{
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "/blobs/uploads/%s", query) < 0)
                return -ENOMEM;
        return registry_call(r, h,
                             &(Call){.method = "POST",
                                     .path = path,
                                     .what = "an upload",
                                     .max_body = 64 << 10,
                                     .chooses = true},
                             ret, reterr);
}

/* An upload that was begun for nothing is left to the registry, which ends it some time. */
int registry_mount_blob(Registry *r, Http *h, const char *digest, Fault *reterr)
{
        _cleanup_http_response_ HttpResponse response = {0};
        _cleanup_free_ char *query = NULL;

        if (!r->mount_from)
                return 0;
        if (asprintf(&query, "?mount=%s&from=%s", digest, r->mount_from) < 0)
                return -ENOMEM;
        int k = start(r, h, query, &response, reterr);
        return k < 0 ? k : response.status == 201;
}

/* Return: 0; 1 with @reterr set: broken off, another try may help; negative. */
static int try_upload(Registry *r, Http *h, const RegistryUpload *upload, const char *what,
                      Fault *reterr)
{
        _cleanup_http_response_ HttpResponse begun = {0}, done = {0};
        _cleanup_free_ char *url = NULL;

        int k = start(r, h, "", &begun, reterr);
        if (k >= 0)
                k = upload_url(r, &begun, &url, reterr);
        if (k >= 0)
                k = http_url_add(&url, "digest", upload->digest);
        if (k < 0)
                return k;
        k = registry_call(
                r, h,
                &(Call){.method = "PUT",
                        .url = url,
                        .headers =
                                (char *[]){(char *)"Content-Type: application/octet-stream", NULL},
                        .what = what,
                        .n_body = upload->size,
                        .source = upload->source,
                        .source_data = upload->source_data,
                        .max_body = 64 << 10,
                        .once = true,
                        .patient = true},
                &done, reterr);
        bool passing = done.failure == HTTP_BROKEN || done.failure == HTTP_STALLED ||
                       done.failure == HTTP_TIMED_OUT ||
                       (done.failure == HTTP_FINE &&
                        (done.status >= 500 || done.status == 401 || done.status == 416));
        return k < 0 && passing ? 1 : k;
}

int registry_put_blob(Registry *r, Http *h, const RegistryUpload *upload, Fault *reterr)
{
        _cleanup_free_ char *what = NULL;

        if (asprintf(&what, "%s %.19s", upload->what, upload->digest) < 0)
                return -ENOMEM;
        for (unsigned n = 1;; n++) {
                _cleanup_fault_ Fault why = {0};
                int k = try_upload(r, h, upload, what, &why);

                if (k == 1 && n < TRIES_MAX && !registry_stopped(r)) {
                        registry_pause(r, (uint64_t)r->pause_msec << n);
                        continue;
                }
                if (k != 0 && reterr && reterr->code == FAULT_NONE) {
                        *reterr = why;
                        why = (Fault){0};
                }
                return k == 1 ? -(reterr && reterr->error ? reterr->error : EIO) : k;
        }
}
