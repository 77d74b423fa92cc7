/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks for unit tests: a failed one prints where it is and what differed, and ends the program.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** test_fail_value() - print a comparison that failed, and exit */
_Noreturn static inline void test_fail_value(const char *file, int line, const char *what,
                                             const char *is, const char *expected)
{
        (void)fprintf(stderr, "%s:%d: %s\n        is: %s\n  expected: %s\n", file, line, what, is,
                      expected);
        exit(1);
}

/** test_numbers() - CHECK_NUMBER()'s function */
static inline void test_numbers(const char *file, int line, const char *what, long long is,
                                long long expected)
{
        char a[32], b[32];

        if (is == expected)
                return;
        (void)snprintf(a, sizeof(a), "%lld", is);
        (void)snprintf(b, sizeof(b), "%lld", expected);
        test_fail_value(file, line, what, a, b);
}

/** test_strings() - CHECK_STRING()'s function */
static inline void test_strings(const char *file, int line, const char *what, const char *is,
                                const char *expected)
{
        if (is == expected || (is && expected && strcmp(is, expected) == 0))
                return;
        test_fail_value(file, line, what, is ? is : "(null)", expected ? expected : "(null)");
}

/* All three evaluate each argument once. */
#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition))                                                                  \
                        test_fail_value(__FILE__, __LINE__, #condition, "false", "true");          \
        } while (0)
#define CHECK_NUMBER(is, expected)                                                                 \
        test_numbers(__FILE__, __LINE__, #is, (long long)(is), (long long)(expected))
#define CHECK_STRING(is, expected) test_strings(__FILE__, __LINE__, #is, (is), (expected))
