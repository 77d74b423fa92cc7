/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody meant who mistyped a word. */
#pragma once

#include <stddef.h>

typedef struct Nearest {
        const char *word;
        size_t n;
        const char *best; /* the nearest word offered so far; NULL: none is near */
        unsigned distance;
} Nearest;

/** nearest_to() - begin a search for what is near to @n bytes of @word, which stays borrowed */
Nearest nearest_to(const char *word, size_t n);

/** nearest_offer() - a candidate, borrowed as long as the search is used */
void nearest_offer(Nearest *search, const char *candidate);
