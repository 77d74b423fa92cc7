/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include "base/text.h"
#include "spec/ini-edit.h"

#include <sys/mman.h>

static void expect_lines(const char *text, char *const *values, const char *expected)
{
        _cleanup_free_ char *edited = ini_edit(text, "A", "k", values);

        CHECK_STRING(edited, expected);
}

static void expect(const char *text, const char *expected)
{
        char *const values[] = {(char *)"v", NULL};

        expect_lines(text, values, expected);
}

static void expect_none(const char *text, const char *expected)
{
        expect_lines(text, NULL, expected);
}

static void test_in_place(void)
{
        expect("[A]\nk=1\n", "[A]\nk=v\n");
        expect("# c\n[A]\n# d\n k = 1 \nl=2\n", "# c\n[A]\n# d\nk=v\nl=2\n");
        expect("[A]\nk=1\nl=2\nk=3", "[A]\nk=v\nl=2\n");
        expect("[B]\nk=1\n[A]\nk=2\n[B]\nk=3\n", "[B]\nk=1\n[A]\nk=v\n[B]\nk=3\n");
        expect("[A]\nk=1 \\\n  more\\\n# in between\n  last\nl=2\n", "[A]\nk=v\nl=2\n");
        expect("[A]\n# k=1\nk\\\n=2\n", "[A]\n# k=1\nk=v\n"); /* "k =2" */
        expect("\xef\xbb\xbf[A]\r\nk=1\r\nl=2\r\n", "\xef\xbb\xbf[A]\r\nk=v\r\nl=2\r\n");
}

static void test_last_in_section(void)
{
        expect("[A]\nl=1\n\n# of B\n[B]\nm=2\n", "[A]\nl=1\nk=v\n\n# of B\n[B]\nm=2\n");
        expect("[A]\n[B]\n", "[A]\nk=v\n[B]\n");
        expect("[A]\nl=1\n[B]\nm=2\n[A]\nn=3\n", "[A]\nl=1\n[B]\nm=2\n[A]\nn=3\nk=v\n");
        expect("[A]\nl=1", "[A]\nl=1\nk=v\n");
        expect("[A]\nl=1 \\\n", "[A]\nl=1 \\\n\nk=v\n");
        expect("[A]\nl=1 \\", "[A]\nl=1 \\\n\nk=v\n");
}

static void test_new_section(void)
{
        expect("", "[A]\nk=v\n");
        expect("# only this", "# only this\n\n[A]\nk=v\n");
        expect("[B]\nk=1\n", "[B]\nk=1\n\n[A]\nk=v\n");
        expect("[X-A]\nk=1\n[a]\nk=2\n", "[X-A]\nk=1\n[a]\nk=2\n\n[A]\nk=v\n");
}

static void test_taken_out(void)
{
        expect_none("[A]\nk=1\nl=2\nk=3\n", "[A]\nl=2\n");
        expect_none("[A]\nl=2\nk=3", "[A]\nl=2\n");
        expect_none("[B]\nk=1\n", "[B]\nk=1\n");
        expect_none("", "");
        expect_lines("[A]\nk=1\n", (char *const[]){(char *)"", (char *)"a", (char *)"b", NULL},
                     "[A]\nk=\nk=a\nk=b\n");
}

static void test_empty(void)
{
        CHECK(ini_is_empty(""));
        CHECK(ini_is_empty("# a\n ; b\n\n [A]\n\r\n"));
        CHECK(!ini_is_empty("[A]\nk=\n"));
        CHECK(!ini_is_empty("nonsense"));
}

/* An empty text in front of everything else that is in memory. */
static void test_low_address(void)
{
        void *low = mmap((void *)0x100000, 4096, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

        CHECK(low == (void *)0x100000);
        expect(low, "[A]\nk=v\n");
        expect_none(low, "");
        (void)munmap(low, 4096);
}

int main(void)
{
        test_in_place();
        test_last_in_section();
        test_new_section();
        test_low_address();
        test_taken_out();
        test_empty();
        return 0;
}
