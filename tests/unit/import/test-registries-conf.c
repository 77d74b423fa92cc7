/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* registries.conf: what is taken, and what is refused with its line. */
#include "base/text.h"
#include "import/registries-conf.h"
#include "unit/test.h"

static int parse(const char *text, RegistriesConf *ret, Fault *reterr)
{
        return registries_conf_parse("r.conf", text, strlen(text), ret, reterr);
}

static void test_good(void)
{
        _cleanup_registries_conf_ RegistriesConf c = {0};
        _cleanup_fault_ Fault f = {0};
        const RegistryConf *r;

        CHECK_NUMBER(parse("# mirrors\n"
                           "[Docker.IO]\n"
                           "Mirror=https://a.example\n"
                           "Mirror=https://b.example:5000/hub\n"
                           "Location=registry-1.docker.io\n"
                           "[localhost:5000]\n"
                           "Insecure=yes\n"
                           "[docker.io]\n"
                           "Insecure=no\n"
                           "Mirror=http://[::1]:5001\n"
                           "[[::1]:5000]\n"
                           "Location=x/y/z\n"
                           "[empty.example]\n"
                           "Mirror=https://a.example\n"
                           "Mirror=\n",
                           &c, &f),
                     0);
        CHECK_NUMBER(c.n, 4);
        r = registries_conf_find(&c, "docker.io");
        CHECK(r && !r->insecure);
        CHECK_NUMBER(strv_length(r->mirrors), 3);
        CHECK_STRING(r->mirrors[1], "https://b.example:5000/hub");
        CHECK_STRING(r->location, "registry-1.docker.io");
        r = registries_conf_find(&c, "localhost:5000");
        CHECK(r && r->insecure && !r->location && !r->mirrors);
        CHECK(registries_conf_find(&c, "[::1]:5000"));
        r = registries_conf_find(&c, "empty.example");
        CHECK(r && !r->mirrors);
        CHECK(!registries_conf_find(&c, "quay.io"));
}

static void check_refused(const char *text, const char *sentence)
{
        _cleanup_registries_conf_ RegistriesConf c = {0};
        _cleanup_fault_ Fault f = {0};

        CHECK_NUMBER(parse(text, &c, &f), -EINVAL);
        CHECK_NUMBER(f.code, FAULT_INVALID_OPTION);
        CHECK_NUMBER(c.n, 0);
        if (!strstr(f.message, sentence))
                CHECK_STRING(f.message, sentence);
}

static void test_bad(void)
{
        check_refused("Mirror=https://x.org\n", "r.conf:1: ");
        check_refused("[nodomain]\n", "r.conf:1: there is no section [nodomain]");
        check_refused("[a b.c]\n", "r.conf:1: ");
        check_refused("[x.org]\nmirror=https://y.org\n", "r.conf:2: the keys are ");
        check_refused("[x.org]\nMirror=y.org\n", "r.conf:2: Mirror= is ");
        check_refused("[x.org]\nMirror=https://y.org/\n", "r.conf:2: Mirror= is ");
        check_refused("[x.org]\nMirror=https://y.org/a//b\n", "r.conf:2: Mirror= is ");
        check_refused("[x.org]\nMirror=https://y.org/../b\n", "r.conf:2: Mirror= is ");
        check_refused("[x.org]\nMirror=https://u:p@y.org\n", "r.conf:2: Mirror= is ");
        check_refused("[x.org]\nMirror=https:/..?//://y.org\n", "r.conf:2: Mirror= is ");
        check_refused("[x.org]\nMirror=https:y.org//z\n", "r.conf:2: Mirror= is ");
        check_refused("[x.org]\nMirror=HTTPS:///y.org\n", "r.conf:2: Mirror= is ");
        check_refused("[x.org]\nMirror=ftp://y.org\n", "r.conf:2: Mirror= is ");
        check_refused("[x.org]\n\nLocation=https://y.org\n", "r.conf:3: Location= is ");
        check_refused("[x.org]\nLocation=\n", "r.conf:2: Location= is ");
        check_refused("[x.org]\nInsecure=maybe\n", "r.conf:2: Insecure= is ");
}

int main(void)
{
        test_good();
        test_bad();
        return 0;
}
