/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "spec/settings.h"
#include "unit/test.h"

/* What the file says, in settings_format()'s words. */
static void expect_bytes(const char *text, size_t n, const char *expected)
{
        _cleanup_settings_ Settings s = {0}, again = {0};
        _cleanup_fault_ Fault f = {0};
        _cleanup_free_ char *formatted = NULL, *reformatted = NULL;

        if (settings_parse("test", text, n, &s, &f) < 0)
                test_fail_value(__FILE__, __LINE__, text, f.message, expected);
        formatted = settings_format(&s);
        CHECK_STRING(formatted, expected);
        CHECK_NUMBER(settings_parse("test", formatted, strlen(formatted), &again, NULL), 0);
        reformatted = settings_format(&again);
        CHECK_STRING(reformatted, expected);
}

static void expect(const char *text, const char *expected)
{
        expect_bytes(text, strlen(text), expected);
}

static void expect_error_bytes(const char *text, size_t n, const char *message)
{
        Settings s = {0};
        _cleanup_fault_ Fault f = {0};

        CHECK_NUMBER(settings_parse("test", text, n, &s, &f), -EINVAL);
        CHECK_NUMBER(f.code, FAULT_INVALID_OPTION);
        CHECK_STRING(f.message, message);
}

static void expect_error(const char *text, const char *message)
{
        expect_error_bytes(text, strlen(text), message);
}

static void test_syntax(void)
{
        expect("", "");
        expect_bytes(NULL, 0, "");
        expect("\n\n# a\n; b\n  # c\n", "");
        expect("[Machine]\nImage=a", "[Machine]\nImage=a\n");
        expect("\xef\xbb\xbf[Machine]\r\n  Image = a \r\n", "[Machine]\nImage=a\n");
        expect("[Machine]\nImage=a\nImage=b\n", "[Machine]\nImage=b\n");
        expect("[Machine]\nImage=a\nImage=\n", "");
        expect("[Machine]\nDescription=a=b # c\n", "[Machine]\nDescription=a=b # c\n");
        expect("[X-Mine]\nanything\n[Machine]\nImage=a\n", "[Machine]\nImage=a\n");
        expect("[Exec]\nUser=a\n[Machine]\nImage=a\n[Exec]\nCommand=b\n",
               "[Machine]\nImage=a\n\n[Exec]\nCommand=b\nUser=a\n");
        /* internal keys are lodged's own, in its own file */
        expect("[Machine]\nOwner=1000\nCreated=5\n", "[Machine]\nOwner=1000\nCreated=5\n");
}

static void test_lists(void)
{
        expect("[Exec]\nCommand=a b\nCommand=c\n", "[Exec]\nCommand=a b c\n");
        expect("[Exec]\nCommand=a b\nCommand=\nCommand=c\n", "[Exec]\nCommand=c\n");
        expect("[Exec]\nEnvironment=A=1 B=2\nEnvironment=A=3\n",
               "[Exec]\nEnvironment=A=1\nEnvironment=B=2\nEnvironment=A=3\n");
        expect("[Exec]\nEnvironment=\"A=\\n\\t\\\"\\\\\\x1b'ü\"\n",
               "[Exec]\nEnvironment=\"A=\\n\\t\\\"\\\\\\x1b'ü\"\n");
        expect("[Security]\nCapability=CAP_KILL\nCapability=CAP_CHOWN\nDropCapability=all\n",
               "[Security]\nCapability=CAP_CHOWN CAP_KILL\nDropCapability=all\n");
}

static void test_continuation(void)
{
        expect("[Exec]\nCommand=a \\\nb \\\n# comment\n  ; too\nc\nUser=d\n",
               "[Exec]\nCommand=a b c\nUser=d\n");
        expect("[Exec]\nCommand=a\\\nb", "[Exec]\nCommand=a b\n");
        expect("[Exec]\nCommand=a \\\r\nb\r\n", "[Exec]\nCommand=a b\n");
        expect("[Exec]\nCommand=a \\\n", "[Exec]\nCommand=a\n");
        expect("[Exec]\nCommand=a \\\n\nUser=b\n", "[Exec]\nCommand=a\nUser=b\n");
        expect("[Exec]\nCommand=a\\\\\nUser=b\n", "[Exec]\nCommand=\"a\\\\\"\nUser=b\n");
        expect("# comment \\\n[Machine]\nImage=a\n", "[Machine]\nImage=a\n");
}

static void test_errors(void)
{
        expect_error("Image=a\n", "test:1:1: a setting stands before the first [section]");
        expect_error("[Machine]\n\n Image\n",
                     "test:3:2: this is neither KEY=VALUE nor a [section]");
        expect_error("[Machine\n", "test:1:1: a section header ends with ']'");
        expect_error("[", "test:1:1: a section header ends with ']'");
        expect_error("[Machine]\n  Command=a\n",
                     "test:2:3: Command= belongs in [Exec], not in [Machine]: put it below a line "
                     "[Exec]");
        expect_error("[Exec]\nBoot = perhaps\n",
                     "test:2:8: Boot='perhaps' is not valid: give yes or no");
        /* where the value begins */
        expect_error("[Exec]\n#\nCommand=a \\\n b \\\n 'c\nUser=d\n",
                     "test:3:9: Command='a   b   'c' is not valid: a quote is left open, or a "
                     "backslash begins no known escape");
        expect_error("[Machine]\nImage=\x1b\n", "test:2:1: not UTF-8, or a control character");
        expect_error("[Machine]\n\nImage=\xff\n", "test:3:1: not UTF-8, or a control character");
        expect_error_bytes("[Machine]\nImage=a\n\0", 19,
                           "test:3:1: a NUL byte; this is no text file");
}

static void test_unknown(void)
{
        expect("[Exec]\nKommand=a\nUser=b\n[Foo\t]\nBar=1\nnonsense\n[]\nx=y\n[Machine]\nImage=a\n",
               "[Machine]\nImage=a\n\n[Exec]\nUser=b\n");
}

static void test_large(void)
{
        size_t n = SETTINGS_FILE_MAX;
        _cleanup_free_ char *text = malloc(n + 1);

        memset(text, '\n', n + 1);
        expect_bytes(text, n, "");
        expect_error_bytes(text, n + 1, "test:1:1: the file is larger than 8 MiB");
        for (size_t i = 0; i < n; i += 2) /* continued four million times */
                memcpy(text + i, "\\\n", 2);
        expect_bytes(text, n, "");
        memset(text, 'x', n);
        expect_error_bytes(text, n, "test:1:1: a setting stands before the first [section]");
}

int main(void)
{
        test_syntax();
        test_lists();
        test_continuation();
        test_errors();
        test_unknown();
        test_large();
        return 0;
}
