/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A source that is read ahead, and hashed, by a thread of its own: whoever decompresses it has
 * nothing else to do. */
#pragma once

#include "image/digest.h"
#include "image/stream.h"

typedef struct Ahead Ahead;

/** ahead_new() - begin to read
 * @source copied; only the thread uses it until ahead_free() or the end of ahead_source()
 * Return: 0; negative errno. */
int ahead_new(const ByteSource *source, Ahead **ret);
/** ahead_free() - give up what was not read, and wait until the thread has left the source
 * @a may be NULL
 * Return: always NULL. */
Ahead *ahead_free(Ahead *a);

/** ahead_source() - what was read, for one thread; fails as the source does */
ByteSource ahead_source(Ahead *a);
/** ahead_digest() - of the whole source, once ahead_source() has come to its end
 * Return: 0; negative errno. */
int ahead_digest(Ahead *a, char ret[static DIGEST_TEXT_MAX]);

static inline void ahead_freep(Ahead **a)
{
        ahead_free(*a);
}
#define _cleanup_ahead_ _cleanup_(ahead_freep)
