/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "spec/image-record.h"
#include "unit/test.h"

#include <signal.h>

#define HEX   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
#define IMAGE "[Image]\nName=a\nLayer=sha256:" HEX "0\n"

static const char every[] = "[Image]\n"
                            "Name=quay.io/a/b:1\n"
                            "Digest=sha256:" HEX "a\n"
                            "Config=sha256:" HEX "b\n"
                            "Layer=sha256:" HEX "1\n"
                            "Layer=sha256:" HEX "0\n"
                            "Source=quay.io/a/b:1\n"
                            "Added=1800000000000000\n"
                            "Created=1700000000000000\n"
                            "Architecture=arm64\n"
                            "Variant=v8\n"
                            "OS=linux\n"
                            "Size=123456789\n"
                            "ReadOnly=yes\n"
                            "\n"
                            "[Config]\n"
                            "Entrypoint=/bin/a \"b c\" \"\"\n"
                            "Command=-x\n"
                            "Environment=PATH=/bin\n"
                            "Environment=\"A=b c\"\n"
                            "Volume=/data\n"
                            "ExposedPort=80/tcp\n"
                            "Label=\"a=two\\nlines\"\n"
                            "Label=b=\n"
                            "User=www:www\n"
                            "WorkingDirectory=/srv/\n"
                            "StopSignal=SIGQUIT\n"
                            "Healthcheck=CMD-SHELL \"true || false\"\n"
                            "HealthcheckIntervalSec=30000000us\n"
                            "HealthcheckTimeoutSec=500000us\n"
                            "HealthcheckStartPeriodSec=infinity\n"
                            "HealthcheckRetries=3\n";

static void parse(const char *text, ImageRecord *ret)
{
        _cleanup_fault_ Fault f = {0};

        if (image_record_parse("r", text, strlen(text), ret, &f) < 0)
                test_fail_value(__FILE__, __LINE__, text, f.message, "taken");
}

static void test_every_key(void)
{
        _cleanup_image_record_ ImageRecord r = {0};
        _cleanup_free_ char *again = NULL;

        parse(every, &r);
        CHECK_NUMBER(image_record_format(&r, &again, NULL), 0);
        CHECK_STRING(again, every);
        CHECK_STRING(r.layers[0], "sha256:" HEX "1");
        CHECK_NUMBER(strv_length(r.entrypoint), 3);
        CHECK_STRING(r.labels[0], "a=two\nlines");
        CHECK_NUMBER(r.stop_signal, SIGQUIT);
        CHECK_NUMBER(r.health_timeout_usec, 500000);
        CHECK(r.health_start_usec == UINT64_MAX && r.read_only);
}

static void test_least(void)
{
        _cleanup_image_record_ ImageRecord r = {0};
        _cleanup_free_ char *again = NULL;

        parse(IMAGE, &r);
        CHECK(!r.digest && !r.entrypoint && !r.user && r.stop_signal == 0 && !r.read_only);
        CHECK_NUMBER(image_record_format(&r, &again, NULL), 0);
        CHECK_STRING(again, IMAGE "\n[Config]\n");
}

static void expect_refused(const char *text, const char *message)
{
        _cleanup_fault_ Fault f = {0};
        ImageRecord r;

        if (image_record_parse("r", text, strlen(text), &r, &f) != -EINVAL)
                test_fail_value(__FILE__, __LINE__, text, "taken", message);
        CHECK_STRING(f.message, message);
        CHECK_NUMBER(f.code, FAULT_INVALID_OPTION);
}

static void test_refused(void)
{
        expect_refused("", "r:1: there is no Name=");
        expect_refused("[Image]\nName=a\n", "r:1: there is no Layer=");
        expect_refused("[Image]\nName=../a\n",
                       "r:2: Name= is no image's name in its canonical form");
        expect_refused("[Image]\nName=docker.io/a\n",
                       "r:2: Name= is no image's name in its canonical form");
        expect_refused("[Image]\nName=a\nName=a\n", "r:3: Name= is given twice");
        expect_refused("[Image]\nName=a b\n", "r:2: Name= takes one word");
        expect_refused("[Image]\nName=\n", "r:2: Name= takes one word");
        expect_refused("[Image]\nName='a\n", "r:2: Name= is not quoted as it should be");
        expect_refused("[Image]\nLayer=../../etc\n", "r:2: Layer= is no sha256 digest");
        expect_refused("[Image]\nDigest=sha512:0\n", "r:2: Digest= is no sha256 digest");
        expect_refused("[Image]\nUser=a\n", "r:2: there is no key 'User' in [Image]");
        expect_refused("[Config]\nUser=\\xff\n", "r:2: User= is not UTF-8");
        expect_refused("[Config]\nLabel=\\xff\n", "r:2: Label= is not UTF-8");
        expect_refused("[Config]\nStopSignal=SIGNO\n", "r:2: StopSignal= is not valid");
        expect_refused("[Image]\nSize=-1\n", "r:2: Size= is not valid");
        expect_refused("[Image]\nReadOnly=perhaps\n", "r:2: ReadOnly= is not valid");
        expect_refused("[Config]\nHealthcheckRetries=1000001\n",
                       "r:2: HealthcheckRetries= is not valid");
        expect_refused("[Machine]\n", "r:1: there is no section [Machine]");
}

/* What could not be read back is not written. */
static void test_format_refuses(void)
{
        char *const latin1[] = {(char *)"\xe4", NULL}, *const layers[] = {(char *)"sha256:x", NULL};
        _cleanup_image_record_ ImageRecord r = {0};
        _cleanup_free_ char *large = NULL;
        _cleanup_fault_ Fault f = {0};
        char *text = NULL;

        parse(IMAGE, &r);
        char **own = r.layers, *name = r.name;
        r.command = (char **)latin1;
        CHECK_NUMBER(image_record_format(&r, &text, NULL), -EINVAL);
        r.command = NULL;
        r.layers = (char **)layers;
        CHECK_NUMBER(image_record_format(&r, &text, NULL), -EINVAL);
        r.layers = own;
        r.name = NULL;
        CHECK_NUMBER(image_record_format(&r, &text, NULL), -EINVAL);
        r.name = name;

        CHECK(asprintf(&large, "%0*d", (int)IMAGE_RECORD_MAX, 0) > 0);
        r.user = large;
        CHECK_NUMBER(image_record_format(&r, &text, &f), -EINVAL);
        CHECK_STRING(f.message, "a:1: the file is larger than 1 MiB");
        r.user = NULL;
        for (unsigned i = 1; i <= IMAGE_LAYERS_MAX; i++)
                CHECK_NUMBER(strv_push(&r.layers, r.layers[0]), 0);
        CHECK_NUMBER(image_record_format(&r, &text, NULL), -EINVAL);
        CHECK(!text);
}

int main(void)
{
        test_every_key();
        test_least();
        test_refused();
        test_format_refuses();
        return 0;
}
