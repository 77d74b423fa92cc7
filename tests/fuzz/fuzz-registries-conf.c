/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* registries.conf: all that is taken can stand in a URL. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "import/http-url.h"
#include "import/registries-conf.h"

static void check_url(const char *prefix, const char *rest)
{
        _cleanup_free_ char *url = NULL, *resolved = NULL;

        PROMISE(asprintf(&url, "%s%s/v2/library/busybox/manifests/latest", prefix, rest) > 0);
        PROMISE(http_url_resolve(NULL, url, &resolved) == 0 || strlen(url) > HTTP_URL_MAX);
        PROMISE(!strchr(rest, ' ') && !strchr(rest, '@') && !strchr(rest, '?'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *text = fuzz_copy(data, n);
        _cleanup_registries_conf_ RegistriesConf c = {0};
        _cleanup_fault_ Fault f = {0};

        if (registries_conf_parse("registries.conf", text, n, &c, &f) < 0) {
                PROMISE(f.code != FAULT_NONE && c.n == 0);
                return 0;
        }
        for (size_t i = 0; i < c.n; i++) {
                PROMISE(registries_conf_find(&c, c.registries[i].domain) == &c.registries[i]);
                if (c.registries[i].location)
                        check_url("https://", c.registries[i].location);
                STRV_FOREACH (m, c.registries[i].mirrors)
                        check_url("", *m);
        }
        return 0;
}
