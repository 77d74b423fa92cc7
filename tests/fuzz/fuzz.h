/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fuzzer: libFuzzer calls it, or fuzz-main.c with every file of its corpus. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A broken promise of the code under test: a crash, so that every driver sees it. */
#define PROMISE(condition)                                                                         \
        do {                                                                                       \
                if (!(condition))                                                                  \
                        abort();                                                                   \
        } while (0)

/** fuzz_copy() - exactly @n bytes on the heap, so that a sanitizer sees one read too many
 * Return: newly allocated; caller frees. */
static inline char *fuzz_copy(const uint8_t *data, size_t n)
{
        char *copy = calloc(1, n ? n : 1);

        PROMISE(copy);
        if (n > 0)
                memcpy(copy, data, n);
        return copy;
}

/** LLVMFuzzerTestOneInput() - try one input; the name is libFuzzer's
 * Return: 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
