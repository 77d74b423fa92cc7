/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A growing byte buffer: what plan and frame writers have in common. */
#pragma once

#include <stddef.h>

/** buffer_extend() - make room for @more bytes behind the @n used ones, zeroed
 * @buf,@allocated  the heap block and its size; replaced when it grows
 * @max             what @n + @more must not pass
 * Return: 0; -E2BIG; -ENOMEM; nothing changed on failure. */
int buffer_extend(char **buf, size_t *allocated, size_t n, size_t more, size_t max);

/** align8() - round up to a multiple of 8; the caller has bounded @n */
static inline size_t align8(size_t n)
{
        return (n + 7) & ~(size_t)7;
}
