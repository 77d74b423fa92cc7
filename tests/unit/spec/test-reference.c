/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "spec/reference.h"
#include "unit/test.h"

#define HEX    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" HEX

static const struct {
        const char *text, *canonical;
} good[] = {
        {"docker.io/busybox", "docker.io/library/busybox:latest"},
        {"docker.io/library/busybox:1.37", "docker.io/library/busybox:1.37"},
        {"index.docker.io/busybox:1", "docker.io/library/busybox:1"},
        {"Docker.IO/a/b", "docker.io/a/b:latest"},
        {"quay.io/a", "quay.io/a:latest"},
        {"quay.io/a@" DIGEST, "quay.io/a@" DIGEST},
        {"quay.io/a:t@" DIGEST, "quay.io/a:t@" DIGEST},
        {"localhost/a", "localhost/a:latest"},
        {"localhost:5000/a/b/c:x_y-z.1", "localhost:5000/a/b/c:x_y-z.1"},
        {"registry:443/a", "registry:443/a:latest"},
        {"127.0.0.1:5000/a", "127.0.0.1:5000/a:latest"},
        {"[::1]:5000/a", "[::1]:5000/a:latest"},
        {"[fe80::A]/a", "[fe80::a]/a:latest"},
        {"example.org/a.b/c__d/e-----f/0", "example.org/a.b/c__d/e-----f/0:latest"},
        {"debian13", "debian13"},
        {"debian_13.raw", "debian_13.raw"},
        {"localhost", "localhost"},
};

static const char *const bad[] = {
        "",
        "-a",
        ".a",
        "busybox:latest",
        "a/b:1",
        "busybox@" DIGEST,
        "quay.io/",
        "quay.io//a",
        "quay.io/A",
        "quay.io/a/",
        "quay.io/a..b",
        "quay.io/a___b",
        "quay.io/-a",
        "quay.io/a-",
        "quay.io/../a",
        "quay.io/a:",
        "quay.io/a:.b",
        "quay.io/a:b/c",
        "quay.io/a:b:c",
        "quay.io/a@",
        "quay.io/a@sha256:" HEX "0",
        "quay.io/a@sha512:" HEX HEX,
        "quay.io/a@" DIGEST "@" DIGEST,
        "quay.io:/a",
        "quay.io:0/a",
        "quay.io:080/a",
        "quay.io:65536/a",
        "quay..io/a",
        ".quay.io/a",
        "quay.io./a",
        "-quay.io/a",
        "quay-.io/a",
        "[::1/a",
        "[]:1/a",
        "[1.2.3.4]:1/a",
        "[::1]x/a",
        "https://quay.io/a",
        "quay.io/a\n",
        "quay.io/\xc3\xa4",
        "/a",
        "..",
};

static void test_canonical(void)
{
        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                _cleanup_free_ char *name = NULL, *again = NULL;
                _cleanup_fault_ Fault f = {0};

                if (image_name_canonical(good[i].text, &name, &f) < 0)
                        test_fail_value(__FILE__, __LINE__, good[i].text, f.message, "taken");
                CHECK_STRING(name, good[i].canonical);
                CHECK_NUMBER(image_name_canonical(name, &again, NULL), 0);
                CHECK_STRING(again, name);
                CHECK(image_name_is_canonical(name));
                CHECK_NUMBER(image_name_is_canonical(good[i].text), streq(good[i].text, name));
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_fault_ Fault f = {0};
                char *name = NULL;

                if (image_name_canonical(bad[i], &name, &f) != -EINVAL)
                        test_fail_value(__FILE__, __LINE__, bad[i], "taken", "refused");
                CHECK_NUMBER(f.code, FAULT_INVALID_NAME);
                CHECK(!name && f.message && !strpbrk(f.message, "\n"));
        }
}

static void expect_message(const char *text, const char *message)
{
        _cleanup_fault_ Fault f = {0};
        Reference r;

        CHECK_NUMBER(reference_parse(text, &r, &f), -EINVAL);
        CHECK_STRING(f.message, message);
}

static void test_messages(void)
{
        expect_message("busybox", "'busybox' names no registry; write docker.io/library/busybox");
        expect_message("a/b:1", "'a/b:1' names no registry; write docker.io/a/b:1");
        expect_message("quay.io", "'quay.io' is a registry and names no image; write quay.io/NAME");
        expect_message("localhost:5000", "'localhost:5000' is a registry and names no image; "
                                         "write localhost:5000/NAME");
        expect_message("local", "'local' names no registry; write docker.io/library/local");
        expect_message("busybox:1.37", "'busybox:1.37' names no registry; write "
                                       "docker.io/library/busybox:1.37");
        expect_message("https://quay.io/a", "'https://quay.io/a' cannot be an image's reference: "
                                            "it is written without the '://' and what is before "
                                            "it");
        expect_message("quay.io/a:%", "'quay.io/a:%' cannot be an image's reference: a tag has at "
                                      "most 128 letters, digits, '_', '.' and '-', and does not "
                                      "begin with '.' or '-'");
        expect_message("quay..io/a", "'quay..io/a' cannot be an image's reference: its registry is "
                                     "no host name, address or HOST:PORT");
}

static void test_length(void)
{
        char text[REFERENCE_MAX + 10], parts[REFERENCE_MAX + 1] = "q.io";
        _cleanup_free_ char *name = NULL, *file = NULL;
        Reference r;

        (void)snprintf(text, sizeof(text), "quay.io/%0*d:t", REFERENCE_MAX - 10, 0);
        CHECK_NUMBER(strlen(text), REFERENCE_MAX);
        CHECK_NUMBER(image_name_canonical(text, &name, NULL), 0);
        file = image_file_name(name, ".oci");
        CHECK(strlen(file) <= 255);
        (void)snprintf(text, sizeof(text), "quay.io/%0*d:t", REFERENCE_MAX - 9, 0);
        CHECK_NUMBER(reference_parse(text, &r, NULL), -EINVAL);
        (void)snprintf(text, sizeof(text), "quay.io/%0*d", REFERENCE_MAX - 8, 0); /* + :latest */
        CHECK_NUMBER(reference_parse(text, &r, NULL), -EINVAL);
        for (size_t n = 4; n < REFERENCE_MAX - 10; n += 2)
                memcpy(parts + n, "/a", 3);
        CHECK_NUMBER(reference_parse(parts, &r, NULL), -EINVAL); /* too long as a file's name */
}

static void test_files(void)
{
        _cleanup_free_ char *file = image_file_name("localhost:5000/a_b:1@" DIGEST, ".oci");
        _cleanup_free_ char *name = image_name_from_file(file, ".oci");
        _cleanup_free_ char *plain = image_name_from_file("a.b.oci", ".oci");
        static const char *const foreign[] = {
                "",
                ".oci",
                "a",
                "a.oci.x",
                "quay.io%2fa%3Ab.oci",
                "quay.io%2Fa.oci",
                "%61.oci",
                "a%.oci",
                "a%2.oci",
                "a%00.oci",
                ".#a.oci",
                "a b.oci",
        };

        CHECK_STRING(file, "localhost%3A5000%2Fa_b%3A1%40sha256%3A" HEX ".oci");
        CHECK_STRING(name, "localhost:5000/a_b:1@" DIGEST);
        CHECK_STRING(plain, "a.b");
        for (size_t i = 0; i < ELEMENTSOF(foreign); i++)
                if (image_name_from_file(foreign[i], ".oci"))
                        test_fail_value(__FILE__, __LINE__, foreign[i], "taken", "refused");
}

static void test_digests(void)
{
        _cleanup_free_ char *file = digest_file_name(DIGEST), *digest = digest_from_file_name(file);

        CHECK(digest_is_valid(DIGEST));
        CHECK(!digest_is_valid(NULL) && !digest_is_valid("") && !digest_is_valid("sha256:"));
        CHECK(!digest_is_valid("sha256:" HEX "0") && !digest_is_valid("sha512:" HEX));
        CHECK(!digest_is_valid("SHA256:" HEX) && !digest_is_valid(" " DIGEST));
        CHECK(!digest_is_valid("sha256:g123456789abcdef0123456789abcdef0123456789abcdef"
                               "0123456789abcdef"));
        CHECK_STRING(file, "sha256-" HEX);
        CHECK_STRING(digest, DIGEST);
        CHECK(!digest_file_name("sha256:x"));
        CHECK(!digest_from_file_name("sha256-x") && !digest_from_file_name(DIGEST) &&
              !digest_from_file_name("") && !digest_from_file_name("sha256"));
}

int main(void)
{
        test_canonical();
        test_messages();
        test_length();
        test_files();
        test_digests();
        return 0;
}
