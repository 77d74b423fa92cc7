/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* WWW-Authenticate, a header a line, and the URL of the token server that it leads to. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "import/auth-challenge.h"
#include "import/http-url.h"

static void check_text(const char *s)
{
        for (; s && *s; s++)
                PROMISE((unsigned char)*s >= ' ' && *s != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *text = strndup((const char *)data, n), *url = NULL, *host = NULL;
        _cleanup_auth_challenge_ AuthChallenge c = {0};
        _cleanup_strv_free_ char **headers = NULL;

        PROMISE(text);
        for (char *line, *rest = text; (line = strsep(&rest, "\n"));)
                PROMISE(strv_push(&headers, line) == 0);
        PROMISE(auth_challenge_parse(headers, &c) == 0);
        PROMISE(c.scheme != AUTH_BEARER || c.realm);
        check_text(c.realm);
        check_text(c.service);
        check_text(c.scope);
        if (!c.realm || http_url_resolve("https://registry.example/", c.realm, &url) < 0)
                return 0;
        PROMISE(strncmp(url, "https://", strlen("https://")) == 0);
        check_text(url);
        if (c.service && http_url_add(&url, "service", c.service) == 0)
                check_text(url);
        host = http_url_host(url);
        PROMISE(host && !strchr(host, '/') && !strchr(host, '@'));
        return 0;
}
