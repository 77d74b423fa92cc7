/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/digest.h"

#include <openssl/evp.h>
#include <string.h>

#define N_BYTES 32

struct Digest {
        EVP_MD_CTX *context;
};

Digest *digest_new(void)
{
        _cleanup_digest_ Digest *d = calloc(1, sizeof(*d));

        if (!d || !(d->context = EVP_MD_CTX_new()))
                return NULL;
        return EVP_DigestInit_ex(d->context, EVP_sha256(), NULL) == 1 ? TAKE_PTR(d) : NULL;
}

Digest *digest_free(Digest *d)
{
        if (d)
                EVP_MD_CTX_free(d->context);
        free(d);
        return NULL;
}

int digest_update(Digest *d, const void *data, size_t n)
{
        return EVP_DigestUpdate(d->context, data, n) == 1 ? 0 : -EIO;
}

int digest_end(Digest *d, char ret[static DIGEST_TEXT_MAX])
{
        static const char prefix[] = "sha256:", hex[] = "0123456789abcdef";
        uint8_t bytes[N_BYTES];
        char *p = ret + sizeof(prefix) - 1;
        unsigned n = 0;

        if (EVP_DigestFinal_ex(d->context, bytes, &n) != 1 || n != N_BYTES)
                return -EIO;
        memcpy(ret, prefix, sizeof(prefix) - 1);
        for (unsigned i = 0; i < N_BYTES; i++) {
                *p++ = hex[bytes[i] >> 4];
                *p++ = hex[bytes[i] & 15];
        }
        *p = '\0';
        return 0;
}

int digest_of(const void *data, size_t n, char ret[static DIGEST_TEXT_MAX])
{
        _cleanup_digest_ Digest *d = digest_new();

        if (!d)
                return -ENOMEM;
        int r = digest_update(d, data, n);
        return r < 0 ? r : digest_end(d, ret);
}
