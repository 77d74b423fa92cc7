/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a registry says of an error: two bytes of status and what was asked for, a line of
 * Retry-After, then the body. It becomes one line that can be shown. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "import/registry-internal.h"

static void try_status(Registry *r, const HttpResponse *response, const char *what)
{
        Endpoint e = {.base = (char *)"https://x.org",
                      .host = (char *)"x.org",
                      .repository = (char *)"library/a"};
        _cleanup_fault_ Fault fault = {0};

        PROMISE(registry_fault_status(r, &e, "https://x.org/v2/", what, response, &fault) < 0);
        PROMISE(fault.message && utf8_is_valid(fault.message));
        for (const char *s = fault.message; *s; s++)
                PROMISE((unsigned char)*s >= ' ' && *s != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        static const int statuses[] = {401, 403, 404, 429, 500, 503, 400, 301};
        Registry r = {.name = (char *)"x.org/a:1", .target = (char *)"1"};
        _cleanup_http_response_ HttpResponse response = {0};

        if (n < 2)
                return 0;
        response.status = statuses[data[0] % ELEMENTSOF(statuses)];
        r.push = data[1] & 1;
        r.by_digest = data[1] & 2;
        const uint8_t *end = memchr(data + 2, '\n', n - 2);
        size_t n_line = end ? (size_t)(end - data - 2) : 0;
        response.headers[HTTP_RETRY_AFTER] = strndup((const char *)data + 2, n_line);
        size_t at = 2 + n_line + (end ? 1 : 0);
        response.n_body = n - at;
        response.body = malloc(response.n_body + 1);
        PROMISE(response.body && response.headers[HTTP_RETRY_AFTER]);
        memcpy(response.body, data + at, response.n_body);
        response.body[response.n_body] = '\0';
        try_status(&r, &response, data[1] & 4 ? "manifest" : "layer sha256:0123");
        return 0;
}
