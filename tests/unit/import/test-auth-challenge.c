/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How registries ask for a login, and what token servers answer. */
#include "import/auth-challenge.h"
#include "unit/test.h"

static void check_challenge(const char *first, const char *second, AuthScheme scheme,
                            const char *realm, const char *service, const char *scope)
{
        _cleanup_auth_challenge_ AuthChallenge c = {0};

        CHECK_NUMBER(auth_challenge_parse((char *[]){(char *)first, (char *)second, NULL}, &c), 0);
        CHECK_NUMBER(c.scheme, scheme);
        CHECK_STRING(c.realm, realm);
        CHECK_STRING(c.service, service);
        CHECK_STRING(c.scope, scope);
}

static void test_challenges(void)
{
        check_challenge(
                "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
                "scope=\"repository:library/busybox:pull\"",
                NULL, AUTH_BEARER, "https://auth.docker.io/token", "registry.docker.io",
                "repository:library/busybox:pull");
        check_challenge("Basic realm=\"lab\"", NULL, AUTH_BASIC, "lab", NULL, NULL);
        check_challenge("basic", NULL, AUTH_BASIC, NULL, NULL, NULL);
        check_challenge("BEARER REALM = https://x/t , Service = s", NULL, AUTH_BEARER,
                        "https://x/t", "s", NULL);
        /* the better one, wherever it stands */
        check_challenge("Basic realm=\"a, b\", Bearer realm=\"https://x/\"", NULL, AUTH_BEARER,
                        "https://x/", NULL, NULL);
        check_challenge("Bearer realm=\"https://x/\", Basic realm=\"y\"", NULL, AUTH_BEARER,
                        "https://x/", NULL, NULL);
        check_challenge("Basic realm=\"y\"", "Bearer realm=\"https://x/\"", AUTH_BEARER,
                        "https://x/", NULL, NULL);
        check_challenge("Negotiate, Basic realm=\"y\"", NULL, AUTH_BASIC, "y", NULL, NULL);
        /* nobody can be asked for a token */
        check_challenge("Bearer service=\"x\", Basic realm=\"y\"", NULL, AUTH_BASIC, "y", NULL,
                        NULL);
        check_challenge("Bearer service=\"x\"", NULL, AUTH_NONE, NULL, NULL, NULL);
}

static void test_odd_challenges(void)
{
        check_challenge("Bearer realm=\"a\\\"b\\\\c\"", NULL, AUTH_BEARER, "a\"b\\c", NULL, NULL);
        check_challenge("Bearer realm=\"open", NULL, AUTH_BEARER, "open", NULL, NULL);
        check_challenge("Bearer realm=\"x\\", NULL, AUTH_BEARER, "x\\", NULL, NULL);
        check_challenge("Bearer realm=\"x\",realm=\"y\"", NULL, AUTH_BEARER, "x", NULL, NULL);
        check_challenge("Bearer realm=\"a\nb\",realm=c", NULL, AUTH_BEARER, "c", NULL, NULL);
        check_challenge("", NULL, AUTH_NONE, NULL, NULL, NULL);
        check_challenge(",,, ,", NULL, AUTH_NONE, NULL, NULL, NULL);
        check_challenge("\"quoted\"", NULL, AUTH_NONE, NULL, NULL, NULL);
        check_challenge("Negotiate YWJj==", "Digest realm=\"x\"", AUTH_NONE, NULL, NULL, NULL);
        check_challenge("Bearer =x", NULL, AUTH_NONE, NULL, NULL, NULL);
}

static void check_token(const char *text, const char *token, uint64_t seconds)
{
        _cleanup_secret_ char *found = NULL;
        uint64_t usec = 0;
        const char *why = NULL;
        int r = auth_token_parse(text, strlen(text), &found, &usec, &why);

        CHECK_STRING(found, token);
        CHECK_NUMBER(r, token ? 0 : -EBADMSG);
        CHECK_NUMBER(usec, seconds * 1000000);
        CHECK(token || why);
}

static void test_tokens(void)
{
        check_token("{\"token\": \"a.b-c_d~e+f/g==\", \"expires_in\": 300}",
                    "a.b-c_d~e+f/g==", 300);
        check_token("{\"access_token\": \"x\"}", "x", 60);
        check_token("{\"token\": \"\", \"access_token\": \"x\"}", "x", 60);
        check_token("{\"token\": \"t\", \"access_token\": \"x\"}", "t", 60);
        check_token("{\"token\": \"t\", \"expires_in\": 1000000000}", "t", 86400);
        check_token("{\"token\": \"t\", \"expires_in\": -1}", "t", 60);
        check_token("{\"token\": \"t\", \"expires_in\": \"300\"}", "t", 60);
        check_token("{\"token\": \"t\\r\\nX: y\"}", NULL, 0);
        check_token("{\"token\": \"two words\"}", NULL, 0);
        check_token("{\"token\": \"\"}", NULL, 0);
        check_token("{\"token\": 1}", NULL, 0);
        check_token("{}", NULL, 0);
        check_token("[]", NULL, 0);
        check_token("", NULL, 0);
        check_token("{\"token\": \"t\"} and more", NULL, 0);
}

int main(void)
{
        test_challenges();
        test_odd_challenges();
        test_tokens();
        return 0;
}
