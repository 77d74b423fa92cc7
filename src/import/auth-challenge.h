/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a registry asks who we are, and what a token server answers. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUTH_TOKEN_MAX (64U << 10) /* bytes of an answer with a token */

typedef enum AuthScheme {
        AUTH_NONE, /* none that is known here */
        AUTH_BASIC,
        AUTH_BEARER,
} AuthScheme;

/* All strings are the registry's: untrusted, without control characters. */
typedef struct AuthChallenge {
        AuthScheme scheme;
        char *realm;   /* of AUTH_BEARER: the token server's URL, not checked yet */
        char *service; /* or NULL */
        char *scope;   /* or NULL */
} AuthChallenge;

/** auth_challenge_parse() - choose among what WWW-Authenticate offers: Bearer, then Basic
 * @headers  the values, any number; one may hold several challenges
 * @ret      AUTH_NONE if there is nothing of use; auth_challenge_done() frees it
 * Return: 0; -ENOMEM. Source: RFC 9110 11.6.1, distribution specification on tokens. */
int auth_challenge_parse(char *const *headers, AuthChallenge *ret);
/** auth_challenge_done() - free what it holds and make it empty */
void auth_challenge_done(AuthChallenge *c);
#define _cleanup_auth_challenge_ _cleanup_(auth_challenge_done)

/** auth_token_parse() - what a token server answered
 * @ret       fit for a header: the characters of RFC 6750, nothing else; caller wipes and frees
 * @ret_usec  how long it is good for: 60 s if nothing is said, a day at most
 * Return: 0; -EBADMSG with @ret_why, a static half sentence; -ENOMEM. */
int auth_token_parse(const char *text, size_t n, char **ret, uint64_t *ret_usec,
                     const char **ret_why);

/** secret_free() - wipe a string and free it
 * Return: always NULL. */
char *secret_free(char *s);
static inline void secret_freep(char **s)
{
        (void)secret_free(*s);
}
#define _cleanup_secret_ _cleanup_(secret_freep)
