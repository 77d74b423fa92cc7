/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 as OCI writes it: "sha256:" and 64 lower-case hexadecimal digits. */
#pragma once

#include "base/cleanup.h"

#include <stddef.h>

#define DIGEST_TEXT_MAX (sizeof("sha256:") + 64)

typedef struct Digest Digest;

/** digest_new() - begin
 * Return: new object; NULL: no memory, or libcrypto has no SHA-256. */
Digest *digest_new(void);
/** digest_free() - @d may be NULL
 * Return: always NULL. */
Digest *digest_free(Digest *d);
/** digest_update() - add bytes
 * Return: 0; -EIO. */
int digest_update(Digest *d, const void *data, size_t n);
/** digest_end() - the digest of all that was added; @d can then only be freed
 * Return: 0; -EIO. */
int digest_end(Digest *d, char ret[static DIGEST_TEXT_MAX]);

/** digest_of() - of bytes in memory
 * Return: 0; -ENOMEM; -EIO. */
int digest_of(const void *data, size_t n, char ret[static DIGEST_TEXT_MAX]);

static inline void digest_freep(Digest **d)
{
        digest_free(*d);
}
#define _cleanup_digest_ _cleanup_(digest_freep)
