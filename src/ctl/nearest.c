/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/nearest.h"

#include "base/cleanup.h"

#include <string.h>

#define WORD_MAX 64U

Nearest nearest_to(const char *word, size_t n)
{
        /* One mistake in three letters is still the same word; more is another one. */
        return (Nearest){.word = word, .n = n, .distance = (unsigned)(MIN2(n, WORD_MAX) / 3 + 1)};
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
        return MIN2(MIN2(a, b), c);
}

/* Insertions, deletions, replacements and exchanges of neighbours that make @b of @a. */
static unsigned edit_distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
        unsigned before[WORD_MAX + 1], last[WORD_MAX + 1], row[WORD_MAX + 1];

        for (unsigned j = 0; j <= n_b; j++)
                last[j] = before[j] = j;
        for (unsigned i = 1; i <= n_a; i++) {
                row[0] = i;
                for (unsigned j = 1; j <= n_b; j++) {
                        unsigned replace = last[j - 1] + (a[i - 1] != b[j - 1]);

                        row[j] = min3(last[j] + 1, row[j - 1] + 1, replace);
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                                row[j] = MIN2(row[j], before[j - 2] + 1);
                }
                memcpy(before, last, sizeof(before));
                memcpy(last, row, sizeof(last));
        }
        return last[n_b];
}

void nearest_offer(Nearest *search, const char *candidate)
{
        size_t n = strlen(candidate);

        if (n > WORD_MAX || search->n > WORD_MAX || search->n == 0)
                return;
        unsigned distance = edit_distance(search->word, search->n, candidate, n);
        /* "statu" and "boo" are the beginning of what was meant. */
        if (search->n >= 2 && n > search->n && strncmp(candidate, search->word, search->n) == 0)
                distance = 1;
        if (distance < search->distance) {
                search->distance = distance;
                search->best = candidate;
        }
}
