/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where URLs of strangers lead. */
#include "import/http-url.h"
#include "unit/test.h"

static void check_resolved(const char *base, const char *location, int result, const char *url)
{
        _cleanup_free_ char *found = NULL;

        CHECK_NUMBER(http_url_resolve(base, location, &found), result);
        CHECK_STRING(found, url);
}

static void test_resolve(void)
{
        const char *base = "https://x.org/v2/a";

        check_resolved(base, "https://y.org/b?c=d%2Fe", 0, "https://y.org/b?c=d%2Fe");
        check_resolved(base, "/b?c", 0, "https://x.org/b?c");
        check_resolved(base, "//y.org/b", 0, "https://y.org/b");
        check_resolved(base, "https://y.org/b#c", 0, "https://y.org/b");
        check_resolved(NULL, "https://y.org", 0, "https://y.org/");
        check_resolved(NULL, "http://y.org/", 0, "http://y.org/");
        check_resolved("http://x.org/", "http://y.org/", 0, "http://y.org/");
        check_resolved("http://x.org/", "https://y.org/", 0, "https://y.org/");
        check_resolved(base, "http://y.org/", -EPROTONOSUPPORT, NULL);
        check_resolved(base, "file:///etc/passwd", -EPROTONOSUPPORT, NULL);
        check_resolved(base, "ftp://x.org/", -EPROTONOSUPPORT, NULL);
        check_resolved(base, "gopher://x.org/", -EPROTONOSUPPORT, NULL);
        check_resolved(base, "scp://x.org/", -EPROTONOSUPPORT, NULL);
        check_resolved(base, "https://user@y.org/", -EINVAL, NULL);
        check_resolved(base, "https://user:password@y.org/", -EINVAL, NULL);
        check_resolved(base, "https://y.org/a b", -EINVAL, NULL);
        check_resolved(base, "https://y.org/a\r\nX: y", -EINVAL, NULL);
        check_resolved(base, "https://y.org:99999/", -EINVAL, NULL);
        check_resolved(base, "https://", -EINVAL, NULL);
        check_resolved(NULL, "/b", -EINVAL, NULL);

        _cleanup_free_ char *long_one = malloc(HTTP_URL_MAX + 100);
        CHECK(long_one);
        memset(long_one, 'a', HTTP_URL_MAX + 99);
        long_one[HTTP_URL_MAX + 99] = '\0';
        memcpy(long_one, "/", 1);
        check_resolved(base, long_one, -EINVAL, NULL);
}

static void test_add(void)
{
        _cleanup_free_ char *url = strdup("https://x.org/t");

        CHECK(url);
        CHECK_NUMBER(http_url_add(&url, "service", "a b&c=d"), 0);
        CHECK_NUMBER(http_url_add(&url, "scope", "repository:x/y:pull,push"), 0);
        CHECK(strncmp(url, "https://x.org/t?service=a", 25) == 0);
        CHECK(!strchr(url, ' ') && strstr(url, "%26c") && strstr(url, "&scope="));
}

static void test_origin(void)
{
        CHECK(http_url_same_origin("https://x.org/a", "https://X.org:443/b"));
        CHECK(http_url_same_origin("http://x.org/a", "http://x.org:80"));
        CHECK(!http_url_same_origin("https://x.org/a", "http://x.org/a"));
        CHECK(!http_url_same_origin("https://x.org/a", "https://x.org:444/a"));
        CHECK(!http_url_same_origin("https://x.org/a", "https://x.org.evil/a"));
        CHECK(!http_url_same_origin("https://x.org/a", ""));
        CHECK(!http_url_same_origin("", ""));
}

static void check_host(const char *url, const char *host)
{
        _cleanup_free_ char *found = http_url_host(url);

        CHECK_STRING(found, host);
}

static void test_hosts(void)
{
        check_host("https://x.org/a", "x.org");
        check_host("https://x.org:443/a", "x.org");
        check_host("https://x.org:5000/a", "x.org:5000");
        check_host("http://[::1]:5000/a", "[::1]:5000");
        check_host("nonsense://", NULL);
        CHECK(http_host_is_loopback("localhost") && http_host_is_loopback("LOCALHOST:5000"));
        CHECK(http_host_is_loopback("127.0.0.1:5000") && http_host_is_loopback("127.9.9.9"));
        CHECK(http_host_is_loopback("[::1]:5000") && http_host_is_loopback("[::1]"));
        CHECK(!http_host_is_loopback("localhost.evil.org"));
        CHECK(!http_host_is_loopback("127.0.0.1.evil.org:5000"));
        CHECK(!http_host_is_loopback("128.0.0.1") && !http_host_is_loopback("[::2]:1"));
        CHECK(http_host_is_loopback("localhost/prefix"));
        CHECK(http_host_is_loopback("127.0.0.1:5000/prefix"));
        CHECK(!http_host_is_loopback("x.org/127.0.0.1"));
}

int main(void)
{
        test_resolve();
        test_add();
        test_origin();
        test_hosts();
        return 0;
}
