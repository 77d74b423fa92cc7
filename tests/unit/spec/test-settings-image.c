/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "spec/settings-image.h"
#include "unit/test.h"

#define HEAD                                                                                       \
        "[Image]\nName=a\nLayer=sha256:"                                                           \
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n[Config]\n"
#define IMAGE "[Machine]\nImage=a\n"

/* The effective settings of a machine with @settings from an image with @config, as a file. */
static char *apply(const char *config, const char *settings, bool has_init)
{
        _cleanup_free_ char *record = NULL, *file = NULL;
        _cleanup_image_record_ ImageRecord r = {0};
        _cleanup_settings_ Settings s = {0};
        _cleanup_fault_ Fault f = {0};

        CHECK(asprintf(&record, HEAD "%s", config) > 0);
        CHECK(asprintf(&file, IMAGE "%s", settings) > 0);
        CHECK_NUMBER(image_record_parse("r", record, strlen(record), &r, NULL), 0);
        CHECK_NUMBER(settings_parse("m", file, strlen(file), &s, NULL), 0);
        if (settings_apply_image(&s, &r, has_init, &f) < 0) {
                CHECK_NUMBER(f.code, FAULT_START_FAILED);
                char *before = settings_format(&s);
                CHECK(before && strstr(before, "Image=a"));
                free(before);
                return TAKE_PTR(f.message);
        }
        return settings_format(&s);
}

static void expect(const char *config, const char *settings, const char *expected)
{
        _cleanup_free_ char *got = apply(config, settings, true), *all = NULL;

        CHECK(asprintf(&all, IMAGE "%s%s", *expected ? "\n" : "", expected) > 0);
        CHECK_STRING(got, all);
}

static void expect_error(const char *config, const char *message)
{
        _cleanup_free_ char *got = apply(config, "", true);

        CHECK_STRING(got, message);
}

static void test_program(void)
{
        static const char both[] = "Entrypoint=/e 1\nCommand=c 2\n";

        expect("", "", "");
        expect(both, "", "[Exec]\nEntrypoint=/e 1\nCommand=c 2\n");
        expect(both, "[Exec]\nCommand=x\n", "[Exec]\nEntrypoint=/e 1\nCommand=x\n");
        expect(both, "[Exec]\nEntrypoint=x\n", "[Exec]\nEntrypoint=x\n");
        expect(both, "[Exec]\nEntrypoint=x\nCommand=y\n", "[Exec]\nEntrypoint=x\nCommand=y\n");
        expect(both, "[Exec]\nEntrypoint=''\nCommand=y\n", "[Exec]\nEntrypoint=\"\"\nCommand=y\n");
        expect(both, "[Exec]\nBoot=yes\n", "[Exec]\nBoot=yes\n");
        expect("Command=/sbin/init\n", "", "[Exec]\nBoot=yes\n");
        expect("Entrypoint=/lib/systemd/systemd\nUser=a\n", "", "[Exec]\nBoot=yes\n");
        expect("Command=/sbin/init 3\n", "", "[Exec]\nCommand=/sbin/init 3\n");
        expect("Command=/sbin/init\n", "[Exec]\nBoot=no\n",
               "[Exec]\nBoot=no\nCommand=/sbin/init\n");
        expect("Command=/sbin/init\n", "[Exec]\nUser=a\n", "[Exec]\nCommand=/sbin/init\nUser=a\n");

        _cleanup_free_ char *without = apply("Command=/sbin/init\n", "", false);
        CHECK_STRING(without, IMAGE "\n[Exec]\nCommand=/sbin/init\n");
}

static void test_user_and_directory(void)
{
        static const char config[] = "Command=c\nUser=www:7\nWorkingDirectory=srv//./x/\n";

        expect(config, "", "[Exec]\nCommand=c\nUser=www:7\nWorkingDirectory=/srv/x\n");
        expect(config, "[Exec]\nUser=a\nWorkingDirectory=/b\n",
               "[Exec]\nCommand=c\nUser=a\nWorkingDirectory=/b\n");
        expect(config, "[Files]\nWorkspace=/work\n",
               "[Exec]\nCommand=c\nUser=www:7\n\n[Files]\nWorkspace=/work\n");
        expect("Command=c\nUser=\"\"\nWorkingDirectory=\"\"\n", "", "[Exec]\nCommand=c\n");
        expect("Command=c\nWorkingDirectory=///\n", "", "[Exec]\nCommand=c\nWorkingDirectory=/\n");
        expect("StopSignal=SIGQUIT\n", "", "[Exec]\nStopSignal=SIGQUIT\n");
        expect("StopSignal=SIGQUIT\n", "[Exec]\nStopSignal=SIGHUP\n",
               "[Exec]\nStopSignal=SIGHUP\n");
        expect_error("User=4294967296\n",
                     "image 'a' has User '4294967296': give user, user:group, uid "
                     "or uid:gid, with numbers from 0 to 65535");
        expect_error("User=\"a\\nb\"\n", "image 'a' has User 'a?b': give user, user:group, uid or "
                                         "uid:gid, with numbers from 0 to 65535");
        expect_error("WorkingDirectory=/a/../../etc\n",
                     "image 'a' has WorkingDir '/a/../../etc': it leads up by '..'");
        expect_error("WorkingDirectory=..\n", "image 'a' has WorkingDir '..': it leads up by '..'");
}

static void test_merged(void)
{
        expect("Environment=A=1\nEnvironment=\"B=x y\"\nEnvironment=odd.key=2\nEnvironment==x\nEnvironment=C\n",
               "[Exec]\nEnvironment=B=3 D=4\n",
               "[Exec]\nEnvironment=A=1\nEnvironment=odd.key=2\nEnvironment=B=3\nEnvironment=D=4\n");

        _cleanup_free_ char *labels =
                apply("Label=a=1\nLabel=\"b=2\\n3\"\nLabel==x\n", "Label=a=4\n", true);
        CHECK_STRING(labels, IMAGE "Label=\"b=2\\n3\"\nLabel=a=4\n");
}

static void test_volumes(void)
{
        expect("Volume=/a\nVolume=/b/\nVolume=c\nVolume=/a/\n", "",
               "[Files]\nVolume=/a\nVolume=/b\nVolume=/c\n");
        expect("Volume=/a\nVolume=/b\nVolume=/c\n",
               "[Files]\nBind=/x:/a\nVolume=v:/b:ro\nTmpfs=/c\n",
               "[Files]\nBind=/x:/a\nVolume=v:/b:ro\nTmpfs=/c\n");
        expect("Volume=/proc/x\nVolume=/dev\nVolume=/run\nVolume=/\nVolume=/sys\n", "", "");
        expect_error("Volume=/../../x\n",
                     "image 'a' has a volume at '/../../x': that is no path, leads "
                     "up by '..' or has a ':'");
        expect_error("Volume=/a:/b\n",
                     "image 'a' has a volume at '/a:/b': that is no path, leads up by "
                     "'..' or has a ':'");
}

#define NETWORK "[Network]\nNetwork=default\n"

static void test_ports(void)
{
        static const char exposed[] = "ExposedPort=80/tcp\nExposedPort=80\nExposedPort=53/udp\n"
                                      "ExposedPort=8000-8002\n";

        expect(exposed, NETWORK, NETWORK);
        expect(exposed, NETWORK "PublishExposed=yes\n",
               NETWORK "Publish=80:80\nPublish=53:53/udp\nPublish=8000-8002:8000-8002\n"
                       "PublishExposed=yes\n");
        expect(exposed, NETWORK "Publish=8080:80 7999-8003:7999-8003 53:53\nPublishExposed=yes\n",
               NETWORK "Publish=8080:80\nPublish=7999-8003:7999-8003\nPublish=53:53\n"
                       "Publish=53:53/udp\nPublishExposed=yes\n");
        expect("", NETWORK "PublishExposed=yes\n", NETWORK "PublishExposed=yes\n");
        expect("ExposedPort=80/sctp\nExposedPort=x\n", NETWORK, NETWORK);

        static const char *const bad[] = {
                "80/sctp", "x",          "0",   "65536",   "80:80", "127.0.0.1:80:80",
                "/tcp",    "80/tcp/udp", "9-8", "\"80 \"", "-"};
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_free_ char *config = NULL;

                CHECK(asprintf(&config, "ExposedPort=%s\n", bad[i]) > 0);
                _cleanup_free_ char *got = apply(config, NETWORK "PublishExposed=yes\n", true);
                CHECK(strncmp(got, "image 'a' has ExposedPorts '", 28) == 0);
        }
        _cleanup_free_ char *taken =
                apply("ExposedPort=80\n", NETWORK "Publish=80:8080\nPublishExposed=yes\n", true);
        CHECK_STRING(taken, "image 'a' exposes port 80, and Publish=80:8080 takes that port of the "
                            "host; publish it at another one");
}

static void test_many_ports(void)
{
        char config[4096];
        size_t n = 0;

        for (int i = 1; i <= 129; i++)
                n += (size_t)snprintf(config + n, sizeof(config) - n, "ExposedPort=%d\n", i * 2);
        _cleanup_free_ char *got = apply(config, NETWORK "PublishExposed=yes\n", true);
        CHECK_STRING(got, "image 'a' has ExposedPorts '258': these are too many to be published");
}

static void test_health(void)
{
        static const char check[] = "Healthcheck=CMD curl -f x\nHealthcheckIntervalSec=5s\n"
                                    "HealthcheckStartPeriodSec=60s\nHealthcheckRetries=4\n";

        expect("Healthcheck=NONE\n", "", "");
        expect("Healthcheck=CMD\n", "", "");
        expect("Healthcheck=CMD-SHELL\n", "", "");
        expect("Healthcheck=CMD-SHELL \"a || b\"\n", "",
               "[Health]\nHealthcheck=/bin/sh -c \"a || b\"\n");
        expect(check, "",
               "[Health]\nHealthcheck=curl -f x\nHealthcheckIntervalSec=5s\n"
               "HealthcheckStartPeriodSec=60s\nHealthcheckRetries=4\n");
        expect(check, "[Health]\nHealthcheckRetries=2\nHealthAction=kill\n",
               "[Health]\nHealthcheck=curl -f x\nHealthcheckIntervalSec=5s\n"
               "HealthcheckStartPeriodSec=60s\nHealthcheckRetries=2\nHealthAction=kill\n");
        expect(check, "[Health]\nHealthcheck=true\n", "[Health]\nHealthcheck=true\n");
        expect(check, "[Health]\nHealthcheck=\"\"\n", "[Health]\nHealthcheck=\"\"\n");
        expect_error("Healthcheck=MAGIC x\n",
                     "image 'a' has Healthcheck 'MAGIC': it begins with none of NONE, CMD and "
                     "CMD-SHELL; give Healthcheck= to run another");
}

static void test_command_line(void)
{
        _cleanup_settings_ Settings s = {0};
        _cleanup_strv_free_ char **program = NULL, **none = NULL;
        static const char text[] = "[Exec]\nEntrypoint=a b\nCommand=c\n";

        CHECK_NUMBER(settings_parse("m", text, strlen(text), &s, NULL), 0);
        CHECK(settings_have_program(&s));
        CHECK_NUMBER(settings_program(&s, &program), 0);
        CHECK(strv_equal(program, (char *[]){(char *)"a", (char *)"b", (char *)"c", NULL}));
        s.command = strv_free(s.command);
        s.entrypoint[0][0] = '\0';
        free(s.entrypoint[1]);
        s.entrypoint[1] = NULL;
        CHECK(!settings_have_program(&s));
        CHECK_NUMBER(settings_program(&s, &none), 0);
        CHECK_NUMBER(strv_length(none), 0);
}

int main(void)
{
        test_program();
        test_user_and_directory();
        test_merged();
        test_volumes();
        test_ports();
        test_many_ports();
        test_health();
        test_command_line();
        return 0;
}
