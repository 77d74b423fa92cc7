/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "unit/test.h"

#include <signal.h>

static void test_vectors(void)
{
        _cleanup_strv_free_ char **v = NULL, **copy = NULL;
        char *const other[] = {(char *)"a", NULL};

        CHECK_NUMBER(strv_length(NULL), 0);
        CHECK(strv_equal(NULL, (char *const[]){NULL}));
        CHECK_NUMBER(strv_push(&v, "a"), 0);
        CHECK(strv_equal(v, other));
        CHECK_NUMBER(strv_push(&v, ""), 0);
        CHECK_NUMBER(strv_length(v), 2);
        CHECK(!strv_equal(v, other));
        copy = strv_copy(v);
        CHECK(strv_equal(v, copy));
        CHECK(copy[0] != v[0]);
}

static void test_limit_of(size_t max, const char *first, const char *second)
{
        _cleanup_strv_free_ char **v = NULL;
        const size_t n = sizeof(char *);

        CHECK_NUMBER(strv_push(&v, "abcd"), 0);
        CHECK_NUMBER(strv_push(&v, "\xc3\xbc\xc3\xbc\xc3\xbc"), 0);
        strv_limit(&v, 2 * n + max);
        CHECK(strv_equal(v, (char *[]){(char *)first, (char *)second, NULL}));
}

static void test_limit(void)
{
        char **none = NULL;

        test_limit_of(12, "abcd", "\xc3\xbc\xc3\xbc\xc3\xbc");
        test_limit_of(11, "abcd", "\xc3\xbc...");
        test_limit_of(10, "abcd", "...");
        test_limit_of(9, "abcd", "...");
        test_limit_of(8, "abcd", NULL);
        strv_limit(&none, 0);
        CHECK(!none);
}

static void test_numbers_of(const char *s, uint64_t max, int expected, uint64_t value)
{
        uint64_t v = 12345;

        CHECK_NUMBER(parse_u64(s, max, &v), expected);
        CHECK_NUMBER(v, expected < 0 ? 12345 : value);
}

static void test_parse_u64(void)
{
        test_numbers_of("0", 0, 0, 0);
        test_numbers_of("18446744073709551615", UINT64_MAX, 0, UINT64_MAX);
        test_numbers_of("18446744073709551616", UINT64_MAX, -ERANGE, 0);
        test_numbers_of("184467440737095516150", UINT64_MAX, -ERANGE, 0);
        test_numbers_of("65536", 65535, -ERANGE, 0);
        static const char *const bad[] = {"", " 1", "1 ", "+1", "-1", "0x1", "1a", "a", "\n"};
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                test_numbers_of(bad[i], UINT64_MAX, -EINVAL, 0);
        test_numbers_of(NULL, UINT64_MAX, -EINVAL, 0);
}

static void test_parse_bool(void)
{
        static const char *const yes[] = {"1", "yes", "Y", "TRUE", "t", "on"};
        static const char *const no[] = {"0", "no", "N", "False", "f", "off"};

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                CHECK_NUMBER(parse_bool(yes[i]), 1);
                CHECK_NUMBER(parse_bool(no[i]), 0);
        }
        CHECK_NUMBER(parse_bool(""), -EINVAL);
        CHECK_NUMBER(parse_bool("2"), -EINVAL);
        CHECK_NUMBER(parse_bool(NULL), -EINVAL);
}

static void test_parse_usec(void)
{
        static const struct {
                const char *text;
                int result;
                uint64_t usec;
        } cases[] = {
                {"90", 0, 90000000},
                {"0", 0, 0},
                {" 90s ", 0, 90000000},
                {"1min 30s", 0, 90000000},
                {"1min30s", 0, 90000000},
                {"500 ms", 0, 500000},
                {"7us", 0, 7},
                {"2h", 0, 7200000000},
                {"infinity", 0, UINT64_MAX},
                {"", -EINVAL, 0},
                {"  ", -EINVAL, 0},
                {"s", -EINVAL, 0},
                {"-1s", -EINVAL, 0},
                {"1.5s", -EINVAL, 0},
                {"1 fortnight", -EINVAL, 0},
                {"18446744073709551614us", 0, UINT64_MAX - 1},
                {"18446744073709551615us", -ERANGE, 0},
                {"18446744073709551614s", -ERANGE, 0},
                {"18446744073709551614us 1us", -ERANGE, 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t v = 0;

                if (parse_usec(cases[i].text, &v) != cases[i].result || v != cases[i].usec)
                        test_fail_value(__FILE__, __LINE__, cases[i].text, "another value", "");
        }
}

static void test_signals(void)
{
        char buf[16];

        CHECK_NUMBER(parse_signal("SIGTERM"), SIGTERM);
        CHECK_NUMBER(parse_signal("KILL"), SIGKILL);
        CHECK_NUMBER(parse_signal("15"), 15);
        CHECK_NUMBER(parse_signal("SIGRTMIN+3"), SIGRTMIN + 3);
        CHECK_NUMBER(parse_signal("RTMIN"), SIGRTMIN);
        static const char *const bad[] = {"0", "-1",       "65",     "sigterm", "SIGSIGTERM",
                                          "",  "RTMIN+31", "RTMIN+", "RTMAX+1"};
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (parse_signal(bad[i]) != -EINVAL)
                        test_fail_value(__FILE__, __LINE__, bad[i], "a signal", "-EINVAL");
        for (int sig = 1; sig <= SIGRTMAX; sig++)
                CHECK_NUMBER(parse_signal(signal_name(sig, buf)), sig);
}

static void test_display(const char *s, size_t max, const char *expected)
{
        _cleanup_free_ char *shown = text_for_display(s, max);

        CHECK_STRING(shown, expected);
}

static void test_text_for_display(void)
{
        test_display("", 10, "");
        test_display("plain ünï 猫", 80, "plain ünï 猫");
        test_display("a\nb\tc\x1b[0m\x7f", 80, "a?b?c?[0m?");
        test_display("\xff\xc3-\xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf", 80,
                     "?"
                     "?-?????????");
        test_display("\xe2\x80\xaegnp.exe", 80, "?gnp.exe"); /* right-to-left override */
        test_display("\xc2\x9b"
                     "31m",
                     80, "?31m"); /* C1 control: CSI */
        test_display("abcdef", 6, "abcdef");
        test_display("abcdefg", 6, "abcdef...");
        test_display("abcdü", 5, "abcd..."); /* not through a character */
        test_display("\xc3", 80, "?");
        /* noncharacters: U+FFFE, U+FDD0, U+10FFFF */
        test_display("\xef\xbf\xbe\xef\xb7\x90\xf4\x8f\xbf\xbf.", 80,
                     "??????????"
                     ".");
}

static void test_utf8(void)
{
        CHECK(utf8_is_valid("a\n\tü"));
        CHECK(!utf8_is_valid("\x1b"));
        CHECK(!utf8_is_valid("\x7f"));
        CHECK(!utf8_is_valid("\xff"));
        CHECK(!utf8_is_valid("\xc2\x9b"));
        CHECK(!utf8_is_valid("\xef\xbf\xbf"));
        CHECK(utf8_is_well_formed("\x1b[0mü"));
        CHECK(!utf8_is_well_formed("ok\xc3"));
        CHECK(!utf8_is_well_formed("\xef\xb7\x90"));
        CHECK(!utf8_is_well_formed("\xc0\x80"));
        CHECK(!utf8_is_well_formed("\xed\xa0\x80"));
}

static void test_parse_bytes(void)
{
        static const struct {
                const char *text;
                int result;
                uint64_t bytes;
        } cases[] = {
                {"0", 0, 0},
                {"1", 0, 1},
                {"1K", 0, 1024},
                {"3M", 0, 3 << 20},
                {"2G", 0, UINT64_C(2) << 30},
                {"16777215T", 0, UINT64_C(16777215) << 40},
                {"18446744073709551615", 0, UINT64_MAX},
                {"16777216T", -ERANGE, 7},
                {"18446744073709551616", -ERANGE, 7},
                {"", -EINVAL, 7},
                {"K", -EINVAL, 7},
                {"1k", -EINVAL, 7},
                {"1KB", -EINVAL, 7},
                {"1 K", -EINVAL, 7},
                {"1.5G", -EINVAL, 7},
                {"-1", -EINVAL, 7},
                {NULL, -EINVAL, 7},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t v = 7;

                if (parse_bytes(cases[i].text, &v) != cases[i].result || v != cases[i].bytes)
                        test_fail_value(__FILE__, __LINE__, cases[i].text ?: "NULL", "otherwise",
                                        "in the table");
        }
}

int main(void)
{
        test_vectors();
        test_limit();
        test_parse_u64();
        test_parse_bool();
        test_parse_usec();
        test_parse_bytes();
        test_signals();
        test_text_for_display();
        test_utf8();
        return 0;
}
