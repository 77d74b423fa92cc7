/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/http-url.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

static void curlup(CURLU **u)
{
        curl_url_cleanup(*u);
}
#define _cleanup_curlu_ _cleanup_(curlup)

/* A part as libcurl allocated it. */
static void curl_freep(char **s)
{
        curl_free(*s);
}
#define _cleanup_curl_free_ _cleanup_(curl_freep)

static char *part_of(CURLU *u, CURLUPart part, unsigned flags)
{
        char *s = NULL;

        return curl_url_get(u, part, &s, flags) == CURLUE_OK ? s : NULL;
}

static int error_of(CURLUcode code)
{
        if (code == CURLUE_OUT_OF_MEMORY)
                return -ENOMEM;
        return code == CURLUE_UNSUPPORTED_SCHEME ? -EPROTONOSUPPORT : -EINVAL;
}

static CURLU *parse(const char *url)
{
        CURLU *u = curl_url();

        if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK)
                return u;
        curl_url_cleanup(u);
        return NULL;
}

static int check_scheme(CURLU *u, const char *base)
{
        _cleanup_curl_free_ char *scheme = part_of(u, CURLUPART_SCHEME, 0);

        if (streq(scheme, "https"))
                return 0;
        return streq(scheme, "http") && (!base || http_url_is_plain(base)) ? 0 : -EPROTONOSUPPORT;
}

static int get_whole(CURLU *u, char **ret)
{
        _cleanup_curl_free_ char *whole = NULL;
        CURLUcode code = curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);

        if (code == CURLUE_OK)
                code = curl_url_get(u, CURLUPART_URL, &whole, 0);
        if (code != CURLUE_OK)
                return error_of(code);
        if (strlen(whole) > HTTP_URL_MAX)
                return -EINVAL;
        *ret = strdup(whole);
        return *ret ? 0 : -ENOMEM;
}

int http_url_resolve(const char *base, const char *location, char **ret)
{
        _cleanup_curlu_ CURLU *u = base ? parse(base) : curl_url();

        if (!u)
                return base ? -EINVAL : -ENOMEM;
        for (const char *c = location; *c; c++)
                if ((unsigned char)*c <= ' ' || *c == 0x7f || c - location > HTTP_URL_MAX)
                        return -EINVAL;
        CURLUcode code = curl_url_set(u, CURLUPART_URL, location, CURLU_DISALLOW_USER);
        if (code != CURLUE_OK)
                return error_of(code);
        int r = check_scheme(u, base);
        return r < 0 ? r : get_whole(u, ret);
}

int http_url_add(char **url, const char *key, const char *value)
{
        _cleanup_curlu_ CURLU *u = parse(*url);
        _cleanup_free_ char *pair = NULL, *longer = NULL;

        if (!u)
                return -EINVAL;
        if (asprintf(&pair, "%s=%s", key, value) < 0)
                return -ENOMEM;
        CURLUcode code =
                curl_url_set(u, CURLUPART_QUERY, pair, CURLU_APPENDQUERY | CURLU_URLENCODE);
        if (code != CURLUE_OK)
                return error_of(code);
        int r = get_whole(u, &longer);
        if (r < 0)
                return r;
        free(*url);
        *url = TAKE_PTR(longer);
        return 0;
}

bool http_url_same_origin(const char *a, const char *b)
{
        static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
        _cleanup_curlu_ CURLU *u = parse(a), *v = parse(b);

        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                _cleanup_curl_free_ char *x = u ? part_of(u, parts[i], CURLU_DEFAULT_PORT) : NULL;
                _cleanup_curl_free_ char *y = v ? part_of(v, parts[i], CURLU_DEFAULT_PORT) : NULL;

                if (!x || !y || strcasecmp(x, y) != 0)
                        return false;
        }
        return true;
}

char *http_url_host(const char *url)
{
        _cleanup_curlu_ CURLU *u = parse(url);
        _cleanup_curl_free_ char *host = u ? part_of(u, CURLUPART_HOST, 0) : NULL;
        _cleanup_curl_free_ char *port =
                u ? part_of(u, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT) : NULL;
        char *text = NULL;

        if (!host)
                return NULL;
        return asprintf(&text, "%s%s%s", host, port ? ":" : "", port ?: "") < 0 ? NULL : text;
}

bool http_url_is_plain(const char *url)
{
        return strncasecmp(url, "http:", 5) == 0;
}

bool http_host_is_loopback(const char *host)
{
        size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
        _cleanup_free_ char *name = strndup(host, n);
        struct in_addr address;

        if (!name)
                return false;
        if (strcasecmp(name, "localhost") == 0 || streq(name, "[::1]"))
                return true;
        return inet_pton(AF_INET, name, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}
