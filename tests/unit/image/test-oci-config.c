/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "image/docker-archive.h"
#include "image/oci-config.h"
#include "image/oci-write.h"
#include "unit/test.h"

#define D1     "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2     "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define ROOTFS "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" D1 "\"]}"

static int parse(const char *text, OciConfig *ret, Fault *reterr)
{
        return oci_config_parse(text, strlen(text), ret, reterr);
}

static void test_all_keys(void)
{
        static const char text[] =
                "{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\","
                "\"created\":\"2024-05-13T12:00:00.5+02:00\",\"config\":{\"Entrypoint\":[\"/a\"],"
                "\"Cmd\":[\"b\",\"c d\"],\"Env\":[\"A=b\"],\"User\":\"u:g\",\"WorkingDir\":\"/w\","
                "\"StopSignal\":\"SIGQUIT\",\"Volumes\":{\"/z\":{},\"/y\":{}},"
                "\"ExposedPorts\":{\"80/tcp\":{}},\"Labels\":{\"k\":\"v=w\"},\"Healthcheck\":{"
                "\"Test\":[\"CMD\",\"t\"],\"Interval\":5000000,\"Timeout\":1000,"
                "\"StartPeriod\":2000,\"Retries\":4},\"Odd\":[1]}," ROOTFS ",\"more\":null}";
        _cleanup_oci_config_ OciConfig c = {0};

        CHECK_NUMBER(parse(text, &c, NULL), 0);
        CHECK_STRING(c.platform.architecture, "arm64");
        CHECK_STRING(c.platform.variant, "v8");
        CHECK(c.created_usec == 1715594400500000ULL);
        CHECK_STRING(c.diff_ids[0], D1);
        CHECK_STRING(c.entrypoint[0], "/a");
        CHECK_STRING(c.command[1], "c d");
        CHECK_STRING(c.environment[0], "A=b");
        CHECK_STRING(c.user, "u:g");
        CHECK_STRING(c.working_directory, "/w");
        CHECK_STRING(c.stop_signal, "SIGQUIT");
        CHECK_STRING(c.volumes[0], "/y");
        CHECK_STRING(c.volumes[1], "/z");
        CHECK_STRING(c.exposed_ports[0], "80/tcp");
        CHECK_STRING(c.labels[0], "k=v=w");
        CHECK_STRING(c.healthcheck[1], "t");
        CHECK_NUMBER(c.health_interval_usec, 5000);
        CHECK_NUMBER(c.health_timeout_usec, 1);
        CHECK_NUMBER(c.health_retries, 4);
}

static void test_little(void)
{
        _cleanup_oci_config_ OciConfig c = {0};

        CHECK_NUMBER(parse("{\"config\":null,\"created\":null," ROOTFS "}", &c, NULL), 0);
        CHECK(!c.entrypoint && !c.command && !c.user && !c.platform.os && !c.created_usec);
}

static void test_refused(void)
{
        static const char *const bad[] = {
                "[]",
                "{}",
                "{\"rootfs\":{\"diff_ids\":[]}}",
                "{\"rootfs\":{\"diff_ids\":[null]}}",
                "{\"rootfs\":{\"diff_ids\":[\"sha256:1\"]}}",
                "{\"rootfs\":{\"type\":\"x\",\"diff_ids\":[\"" D1 "\"]}}",
                "{\"config\":[]," ROOTFS "}",
                "{\"config\":{\"Cmd\":\"x\"}," ROOTFS "}",
                "{\"config\":{\"Env\":[1]}," ROOTFS "}",
                "{\"config\":{\"Labels\":{\"a\":1}}," ROOTFS "}",
                "{\"config\":{\"Volumes\":[]}," ROOTFS "}",
                "{\"config\":{\"Healthcheck\":{\"Interval\":-1}}," ROOTFS "}",
                "{\"config\":{\"Healthcheck\":{\"Retries\":1001}}," ROOTFS "}",
                "{\"os\":\"windows\"," ROOTFS "}",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_oci_config_ OciConfig c = {0};
                _cleanup_fault_ Fault f = {0};

                if (parse(bad[i], &c, &f) >= 0 || !f.message)
                        test_fail_value(__FILE__, __LINE__, bad[i], "taken", "refused");
        }
}

static void test_times(void)
{
        static const struct {
                const char *text;
                long long usec; /* -1: none */
        } cases[] = {
                {"1970-01-01T00:00:00Z", 0},
                {"1970-01-01T01:00:01.000001+01:00", 1000001},
                {"2000-02-29t23:59:59.9999999z", 951868799999999},
                {"2024-05-13 12:00:00-00:30", 1715603400000000},
                {"1969-12-31T23:59:59Z", -1},
                {"2024-13-01T00:00:00Z", -1},
                {"2024-05-13T12:00:00", -1},
                {"2024-05-13T12:00:00+1:00", -1},
                {"2024-05-13T12:00:00Zx", -1},
                {"", -1},
        };
        char buf[32];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t usec = 0;
                long long is = oci_time_parse(cases[i].text, &usec) < 0 ? -1 : (long long)usec;

                test_numbers(__FILE__, __LINE__, cases[i].text, is, cases[i].usec);
        }
        oci_time_format(1715594400500000ULL, buf);
        CHECK_STRING(buf, "2024-05-13T10:00:00Z");
}

/* What was there stays, in its order, unless it is changed. */
static void test_amend(void)
{
        static const char base[] =
                "{\"odd\":{\"a\":[1]},\"architecture\":\"arm\",\"config\":{\"Env\":[\"PATH=/a\","
                "\"X=1\"],\"Cmd\":[\"old\"],\"Entrypoint\":[\"e\"],\"Labels\":{\"a\":\"1\"}}," ROOTFS
                "}";
        char *const env[] = {(char *)"X=2", (char *)"Y=3", NULL};
        char *const labels[] = {(char *)"b=2=3", NULL}, *const none[] = {NULL};
        OciChange change = {.diff_id = D2,
                            .created_usec = 1000000,
                            .message = "m",
                            .command = (char **)none,
                            .environment = (char **)env,
                            .labels = (char **)labels};
        _cleanup_free_ char *text = NULL;

        CHECK_NUMBER(oci_config_amend(base, strlen(base), &change, &text, NULL), 0);
        CHECK_STRING(text, "{\"odd\":{\"a\":[1]},\"architecture\":\"arm\",\"config\":{\"Env\":["
                           "\"PATH=/a\",\"X=2\",\"Y=3\"],\"Cmd\":[],\"Entrypoint\":[\"e\"],"
                           "\"Labels\":{\"a\":\"1\",\"b\":\"2=3\"}},\"rootfs\":{\"type\":"
                           "\"layers\",\"diff_ids\":[\"" D1 "\",\"" D2 "\"]},\"created\":"
                           "\"1970-01-01T00:00:01Z\",\"history\":[{},{\"created\":"
                           "\"1970-01-01T00:00:01Z\",\"comment\":\"m\"}]}");
}

static void test_new(void)
{
        OciChange change = {.diff_id = D1,
                            .created_usec = 1000000,
                            .platform_os = "linux",
                            .platform_architecture = "amd64",
                            .created_by = "lodge"};
        _cleanup_free_ char *text = NULL;
        _cleanup_oci_config_ OciConfig c = {0};

        CHECK_NUMBER(oci_config_amend(NULL, 0, &change, &text, NULL), 0);
        CHECK_NUMBER(parse(text, &c, NULL), 0);
        CHECK_STRING(c.platform.architecture, "amd64");
        CHECK_STRING(c.diff_ids[0], D1);
        CHECK_NUMBER(strv_length(c.diff_ids), 1);
}

static void test_docker_archive(void)
{
        char *const layers[] = {(char *)"a/layer.tar", (char *)"b.tar", NULL};
        _cleanup_free_ char *text = docker_archive_format("c.json", "x:y", layers);
        _cleanup_docker_archive_ DockerArchive a = {0};

        CHECK_STRING(text, "[{\"Config\":\"c.json\",\"RepoTags\":[\"x:y\"],\"Layers\":["
                           "\"a/layer.tar\",\"b.tar\"]}]");
        CHECK_NUMBER(docker_archive_parse(text, strlen(text), &a, NULL), 0);
        CHECK_NUMBER(a.n_images, 1);
        CHECK_STRING(a.images[0].config, "c.json");
        CHECK(strv_equal(a.images[0].layers, layers));
}

int main(void)
{
        test_all_keys();
        test_little();
        test_refused();
        test_times();
        test_amend();
        test_new();
        test_docker_archive();
        return 0;
}
