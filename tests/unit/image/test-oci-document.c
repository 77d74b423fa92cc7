/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "image/oci-document.h"
#include "image/oci-write.h"
#include "unit/test.h"

#define D1     "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2     "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define CONFIG "\"config\":{\"mediaType\":\"" OCI_TYPE_CONFIG "\",\"digest\":\"" D1 "\",\"size\":2}"
#define LAYER(more)                                                                                \
        "{\"mediaType\":\"" OCI_TYPE_LAYER_GZIP "\",\"digest\":\"" D2 "\",\"size\":3" more "}"
#define MANIFEST "{\"schemaVersion\":2," CONFIG ",\"layers\":[" LAYER("") "]}"
#define ENTRY(platform)                                                                            \
        "{\"mediaType\":\"" OCI_TYPE_MANIFEST "\",\"digest\":\"" D1 "\",\"size\":2" platform "}"
#define PLATFORM(os, arch, variant)                                                                \
        ",\"platform\":{\"os\":\"" os "\",\"architecture\":\"" arch "\",\"variant\":\"" variant    \
        "\"}"

#define IMAGE(os, arch, variant) ENTRY(PLATFORM(os, arch, variant))

static int parse(const char *text, const char *type, OciDocument *ret, Fault *reterr)
{
        return oci_document_parse(text, strlen(text), type, ret, reterr);
}

static void test_manifest(void)
{
        _cleanup_oci_document_ OciDocument d = {0};

        CHECK_NUMBER(parse(MANIFEST, OCI_TYPE_MANIFEST, &d, NULL), 0);
        CHECK_NUMBER(d.kind, OCI_DOCUMENT_MANIFEST);
        CHECK_NUMBER(d.manifest.n_layers, 1);
        CHECK_STRING(d.manifest.config.digest, D1);
        CHECK_STRING(d.manifest.layers[0].digest, D2);
        CHECK_NUMBER(d.manifest.layers[0].size, 3);
        CHECK_STRING(d.manifest.layers[0].media_type, OCI_TYPE_LAYER_GZIP);
        CHECK(!d.manifest.docker);

        _cleanup_free_ char *text = oci_manifest_format(&d.manifest);
        _cleanup_oci_document_ OciDocument again = {0};
        CHECK_NUMBER(parse(text, NULL, &again, NULL), 0);
        CHECK_STRING(again.manifest.layers[0].digest, D2);
}

static void test_refused(void)
{
        static const struct {
                const char *text, *type;
                int error;
                FaultCode code;
                const char *part; /* of the sentence */
        } cases[] = {
                {"", NULL, -EBADMSG, FAULT_IMPORT_FAILED, "not valid JSON"},
                {"[]", NULL, -EBADMSG, FAULT_IMPORT_FAILED, "no object"},
                {"{\"a\":1,\"a\":1}", NULL, -EBADMSG, FAULT_IMPORT_FAILED, "duplicate"},
                {"{}", NULL, -EBADMSG, FAULT_IMPORT_FAILED, "neither layers nor manifests"},
                {"{\"layers\":[],\"manifests\":[]}", NULL, -EBADMSG, FAULT_IMPORT_FAILED,
                 "at once"},
                {MANIFEST, OCI_TYPE_INDEX, -EBADMSG, FAULT_IMPORT_FAILED, "not what its type"},
                {MANIFEST, "text/plain", -EOPNOTSUPP, FAULT_NOT_SUPPORTED, "text/plain"},
                {"{\"mediaType\":\"" OCI_TYPE_INDEX "\",\"layers\":[]}", OCI_TYPE_MANIFEST,
                 -EBADMSG, FAULT_IMPORT_FAILED, "sent as"},
                {"{\"schemaVersion\":1,\"layers\":[]}", NULL, -EOPNOTSUPP, FAULT_NOT_SUPPORTED,
                 "version 1"},
                {"{" CONFIG ",\"layers\":[]}", NULL, -EBADMSG, FAULT_IMPORT_FAILED, "no layers"},
                {"{\"layers\":[" LAYER("") "]}", NULL, -EBADMSG, FAULT_IMPORT_FAILED,
                 "no configuration"},
                {"{" CONFIG ",\"layers\":[null]}", NULL, -EBADMSG, FAULT_IMPORT_FAILED,
                 "no object"},
                {"{" CONFIG ",\"layers\":[" LAYER(",\"urls\":[\"http://x\"]") "]}", NULL,
                 -EOPNOTSUPP, FAULT_NOT_SUPPORTED, "elsewhere"},
                {"{" CONFIG ",\"layers\":[{\"mediaType\":\"a\",\"digest\":\"" D1 "\",\"size\":1}]}",
                 NULL, -EOPNOTSUPP, FAULT_NOT_SUPPORTED, "not known"},
                {"{" CONFIG ",\"layers\":[{\"digest\":\"sha512:11\",\"size\":1}]}", NULL,
                 -EOPNOTSUPP, FAULT_NOT_SUPPORTED, "sha512"},
                {"{" CONFIG ",\"layers\":[{\"digest\":\"sha256:../../etc\",\"size\":1}]}", NULL,
                 -EBADMSG, FAULT_IMPORT_FAILED, "../../etc"},
                {"{" CONFIG ",\"layers\":[{\"digest\":\"" D1 "\"}]}", NULL, -EBADMSG,
                 FAULT_IMPORT_FAILED, "without size"},
                {"{" CONFIG ",\"layers\":[{\"digest\":\"" D1 "\",\"size\":-1}]}", NULL, -EBADMSG,
                 FAULT_IMPORT_FAILED, "whole number"},
                {"{" CONFIG ",\"layers\":[{\"digest\":\"" D1 "\",\"size\":1.0}]}", NULL, -EBADMSG,
                 FAULT_IMPORT_FAILED, "whole number"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_oci_document_ OciDocument d = {0};
                _cleanup_fault_ Fault f = {0};

                CHECK_NUMBER(parse(cases[i].text, cases[i].type, &d, &f), cases[i].error);
                CHECK_NUMBER(f.code, cases[i].code);
                if (!strstr(f.message, cases[i].part))
                        test_fail_value(__FILE__, __LINE__, cases[i].text, f.message,
                                        cases[i].part);
        }
}

static void test_bounds(void)
{
        _cleanup_free_ char *deep = malloc(200), *wide = malloc(500000);
        _cleanup_free_ char *large = malloc((4U << 20) + 2);
        _cleanup_oci_document_ OciDocument d = {0};
        _cleanup_fault_ Fault f = {0}, g = {0}, h = {0};

        memset(deep, '[', 65);
        deep[65] = '\0';
        CHECK_NUMBER(parse(deep, NULL, &d, &f), -EBADMSG);
        CHECK(strstr(f.message, "deeper than 64"));
        memset(wide, ',', 499999);
        wide[499999] = '\0';
        CHECK_NUMBER(parse(wide, NULL, &d, &g), -EBADMSG);
        CHECK(strstr(g.message, "more than 200000 values"));
        memset(large, ' ', (4U << 20) + 1);
        large[(4U << 20) + 1] = '\0';
        CHECK_NUMBER(parse(large, NULL, &d, &h), -EFBIG);
        /* brackets and commas in strings are text */
        CHECK_NUMBER(
                parse("{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                      "[[[[[\\\"[\"," CONFIG ",\"layers\":[" LAYER("") "]}",
                      NULL, &d, NULL),
                0);
}

static void test_index(void)
{
        static const char text[] = "{\"manifests\":[" /* numbered below */
                IMAGE("linux", "amd64", "") "," IMAGE("linux", "arm", "v6") "," IMAGE(
                        "linux", "arm",
                        "v7") "," IMAGE("linux", "arm64",
                                        "") "," IMAGE("windows", "amd64",
                                                      "") "," IMAGE("unknown", "unknown", "") "]}";
        static const struct {
                const char *platform;
                int which; /* -1: none */
        } cases[] = {{"linux/amd64", 0},    {"linux/arm/v7", 2},  {"linux/arm/v6", 1},
                     {"linux/arm", 2},      {"linux/arm/v5", -1}, {"linux/arm/v8", 2},
                     {"linux/arm64/v8", 3}, {"linux/arm64", 3},   {"windows/amd64", 4},
                     {"linux/s390x", -1}};
        _cleanup_oci_document_ OciDocument d = {0};

        CHECK_NUMBER(parse(text, NULL, &d, NULL), 0);
        CHECK_NUMBER(d.kind, OCI_DOCUMENT_INDEX);
        CHECK_NUMBER(d.index.n_manifests, 6);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_oci_platform_ OciPlatform p = {0};

                CHECK_NUMBER(oci_platform_parse(cases[i].platform, &p, NULL), 0);
                const OciDescriptor *chosen = oci_index_choose(&d.index, &p);
                long which = chosen ? chosen - d.index.manifests : -1;
                if (which != cases[i].which)
                        test_numbers(__FILE__, __LINE__, cases[i].platform, which, cases[i].which);
        }

        _cleanup_free_ char *list = oci_index_platforms(&d.index);
        CHECK_STRING(list, "linux/amd64, linux/arm/v6, linux/arm/v7, linux/arm64, windows/amd64");
}

/* An image for nobody in particular, and what its maker says of it. */
static void test_only_image(void)
{
        static const char text[] =
                "{\"manifests\":[" ENTRY(PLATFORM("unknown", "unknown", "")) "," ENTRY("") "]}";
        _cleanup_oci_document_ OciDocument d = {0};
        _cleanup_oci_platform_ OciPlatform host = {0};

        CHECK_NUMBER(parse(text, NULL, &d, NULL), 0);
        CHECK_NUMBER(oci_platform_parse(NULL, &host, NULL), 0);
        CHECK(oci_index_choose(&d.index, &host) == &d.index.manifests[1]);
}

static void test_platforms(void)
{
        static const char *const bad[] = {"linux",   "linux/", "/amd64",
                                          "a/b/c/d", "a/b c",  "linux/\x1b"};
        _cleanup_oci_platform_ OciPlatform host = {0};

        CHECK_NUMBER(oci_platform_parse(NULL, &host, NULL), 0);
        CHECK_STRING(host.os, "linux");
        CHECK(host.architecture);
        CHECK(oci_platform_match(&host, &host) > 0);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_oci_platform_ OciPlatform p = {0};
                _cleanup_fault_ Fault f = {0};

                CHECK_NUMBER(oci_platform_parse(bad[i], &p, &f), -EINVAL);
                CHECK_NUMBER(f.code, FAULT_INVALID_OPTION);
        }
}

static void test_layout(void)
{
        CHECK_NUMBER(oci_layout_check("{\"imageLayoutVersion\":\"1.0.0\"}", 30, NULL), 0);
        CHECK_NUMBER(oci_layout_check("{\"imageLayoutVersion\":\"2.0.0\"}", 30, NULL), -EOPNOTSUPP);
        CHECK_NUMBER(oci_layout_check("{}", 2, NULL), -EOPNOTSUPP);
}

int main(void)
{
        test_manifest();
        test_refused();
        test_bounds();
        test_index();
        test_only_image();
        test_platforms();
        test_layout();
        return 0;
}
