/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "spec/words.h"
#include "unit/test.h"

#define WORDS(...) ((char *const[]){__VA_ARGS__, NULL})

static void expect(const char *line, char *const *words)
{
        _cleanup_strv_free_ char **got = NULL, **again = NULL;
        _cleanup_free_ char *joined = NULL, *rejoined = NULL;

        CHECK_NUMBER(words_split(line, 100, &got), 0);
        joined = words_join(words);
        rejoined = words_join(got);
        if (!strv_equal(got, words))
                test_fail_value(__FILE__, __LINE__, line, rejoined, joined);
        CHECK_NUMBER(words_split(joined, 100, &again), 0);
        if (!strv_equal(again, words))
                test_fail_value(__FILE__, __LINE__, joined, "read back differently", line);
}

static void expect_error(const char *line, int error)
{
        char **got;

        if (words_split(line, 3, &got) != error)
                test_fail_value(__FILE__, __LINE__, line, "taken", strerror(-error));
}

int main(void)
{
        char every[256];

        expect("", (char *const[]){NULL});
        expect(" \t ", (char *const[]){NULL});
        expect("a bc  d\t", WORDS((char *)"a", (char *)"bc", (char *)"d"));
        expect("'a b' \"c d\"", WORDS((char *)"a b", (char *)"c d"));
        expect("a'b c'd\"e\"", WORDS((char *)"ab cde"));
        expect("'' \"\" ", WORDS((char *)"", (char *)""));
        expect("'say \"hi\"' \"it's\"", WORDS((char *)"say \"hi\"", (char *)"it's"));
        expect("a\\sb \\\" \\' \\\\",
               WORDS((char *)"a b", (char *)"\"", (char *)"'", (char *)"\\"));
        expect("\\n\\t\\r\\a\\b\\f\\v", WORDS((char *)"\n\t\r\a\b\f\v"));
        expect("\\x41\\102 \\u00fc\\U0001F408", WORDS((char *)"AB", (char *)"ü🐈"));
        expect("# ; $A %n", WORDS((char *)"#", (char *)";", (char *)"$A", (char *)"%n"));

        for (int c = 1; c < 256; c++)
                every[c - 1] = (char)c;
        every[255] = '\0';
        char *const one[] = {every, NULL};
        _cleanup_free_ char *joined = words_join(one);
        expect(joined, one);
        CHECK(!strpbrk(joined, "\n\r\t"));

        /* what is joined can stand in a file: the controls of ISO 8859, too, are escaped */
        char *const controls[] = {(char *)"a\xc2\x80\xc2\x85\xc2\x9f"
                                          "b",
                                  (char *)"\x1b\x7f", NULL};
        _cleanup_free_ char *line = words_join(controls), *plain = NULL;
        expect(line, controls);
        CHECK(utf8_is_valid(line));
        plain = words_join((char *const[]){(char *)"\xc2\xa0ü", NULL});
        CHECK_STRING(plain, "\xc2\xa0ü");

        static const char *const bad[] = {
                "'a",    "\"a",   "a\\",     "\\q",     "\\x4",        "\\xg0", "\\8",   "\\18",
                "\\000", "\\x00", "\\u0000", "\\ud800", "\\U00110000", "\\777", "\\u12", "'\\'"};
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                expect_error(bad[i], -EINVAL);
        expect_error("a b c d", -E2BIG);
        return 0;
}
