/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blobs: had in one piece or in several, each byte once. */
#include "base/text.h"
#include "image/digest.h"
#include "import/registry-internal.h"

#include <string.h>

/* A blob on its way. */
typedef struct Download {
        const Registry *registry;
        const RegistryBlob *blob;
        Fault *reterr;
        uint64_t at;   /* bytes the sink has got */
        uint64_t skip; /* bytes of this answer that it has got already */
        int error;     /* of the sink, or of ours; reterr is set */
} Download;

/* "layer sha256:0123.. WHAT NUMBER bytes, ..." */
static int refuse(Download *d, const char *what, uint64_t number)
{
        d->error = registry_fault_content(
                d->registry, d->reterr,
                "%s %.19s %s %llu bytes at the registry, but %llu are announced; the image there is damaged and must be pushed again",
                d->blob->what, d->blob->digest, what, (unsigned long long)number,
                (unsigned long long)d->blob->size);
        return d->error;
}

/* "bytes FIRST-LAST/TOTAL". Return: 0; -EINVAL. */
static int parse_range(const char *s, uint64_t *ret_first, uint64_t *ret_total)
{
        unsigned long long first, last, total;
        char end;

        if (!s || sscanf(s, "bytes %20llu-%20llu/%20llu%c", &first, &last, &total, &end) != 3)
                return -EINVAL;
        *ret_first = first;
        *ret_total = total;
        return 0;
}

/* The first bytes of an answer: does it begin where we are? A server may answer a range with more
 * than was asked for, or with everything. */
static int begin(Download *d, const HttpResponse *response)
{
        uint64_t length, first = 0, total = d->blob->size;

        if (response->status == 206) {
                if (parse_range(response->headers[HTTP_CONTENT_RANGE], &first, &total) < 0 ||
                    first > d->at)
                        return refuse(d, "is cut wrongly after", d->at);
        } else if (parse_u64(response->headers[HTTP_CONTENT_LENGTH], UINT64_MAX, &length) >= 0) {
                total = length;
        }
        if (total != d->blob->size)
                return refuse(d, "has", total);
        d->skip = d->at - first;
        return 0;
}

static int on_body(void *userdata, const HttpResponse *response, const void *data, size_t n)
{
        Download *d = userdata;
        int k = response->n_given == 0 ? begin(d, response) : 0;

        if (k < 0)
                return k;
        size_t skipped = (size_t)MIN2(d->skip, n);
        d->skip -= skipped;
        n -= skipped;
        if (n == 0)
                return 0;
        if (n > d->blob->size - d->at)
                return refuse(d, "has more than", d->blob->size);
        k = d->blob->sink.write(d->blob->sink.userdata, (const char *)data + skipped, n, d->reterr);
        if (k < 0)
                d->error = k;
        else
                d->at += n;
        return k;
}

int registry_get_blob(Registry *r, Http *h, const RegistryBlob *blob, Fault *reterr)
{
        _cleanup_http_response_ HttpResponse response = {0};
        _cleanup_free_ char *path = NULL, *what = NULL;
        _cleanup_fault_ Fault why = {0};
        Download d = {.registry = r, .blob = blob, .reterr = reterr};

        if (asprintf(&path, "/blobs/%s", blob->digest) < 0 ||
            asprintf(&what, "%s %.19s", blob->what, blob->digest) < 0)
                return -ENOMEM;
        int k = registry_call(r, h,
                              &(Call){.method = "GET",
                                      .path = path,
                                      .what = what,
                                      .sink = on_body,
                                      .sink_data = &d,
                                      .offset = &d.at},
                              &response, &why);
        if (d.error < 0 || (k >= 0 && d.at == blob->size))
                return d.error;
        if (k >= 0)
                return refuse(&d, "has only", d.at);
        if (reterr && reterr->code == FAULT_NONE) {
                *reterr = why;
                why = (Fault){0};
        }
        return k;
}

/* ---- into memory ---- */

typedef struct Memory {
        char *data;
        size_t n;
} Memory;

static int remember(void *userdata, const void *data, size_t n, Fault *reterr)
{
        Memory *m = userdata;

        memcpy(m->data + m->n, data, n); /* registry_get_blob() gives the announced size at most */
        m->n += n;
        return 0;
}

int registry_get_small_blob(Registry *r, Http *h, const RegistryBlob *blob, size_t max, char **ret,
                            Fault *reterr)
{
        RegistryBlob inner = *blob;
        char digest[DIGEST_TEXT_MAX];
        _cleanup_free_ char *data = NULL;

        if (blob->size > max)
                return registry_fault_content(r, reterr,
                                              "the %s has %llu bytes, at most %zu are taken",
                                              blob->what, (unsigned long long)blob->size, max);
        data = calloc(1, blob->size + 1);
        if (!data)
                return -ENOMEM;
        Memory m = {.data = data};
        inner.sink = (ByteSink){remember, &m};
        int k = registry_get_blob(r, h, &inner, reterr);
        if (k >= 0)
                k = digest_of(data, m.n, digest);
        if (k < 0)
                return k;
        if (!streq(digest, blob->digest))
                return registry_fault_content(r, reterr,
                                              "the %s that the registry sends is %s instead of %s",
                                              blob->what, digest, blob->digest);
        *ret = TAKE_PTR(data);
        return 0;
}
