/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/auth-challenge.h"

#include "base/text.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#define BLANK      " \t"
#define TOKEN_USEC (UINT64_C(60) * 1000000) /* where the server does not say: its specification */
#define DAY        (24 * 60 * 60)

void auth_challenge_done(AuthChallenge *c)
{
        free(c->realm);
        free(c->service);
        free(c->scope);
        *c = (AuthChallenge){0};
}

char *secret_free(char *s)
{
        if (s)
                explicit_bzero(s, strlen(s));
        free(s);
        return NULL;
}

static bool is_token_char(char c)
{
        return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", c);
}

static size_t token_length(const char *s)
{
        size_t n = 0;

        while (is_token_char(s[n]))
                n++;
        return n;
}

/* "..." with escapes, or a token; what is neither ends at the next comma. */
static int take_value(const char **p, char **ret)
{
        const char *s = *p;
        bool quoted = *s == '"';
        _cleanup_free_ char *value = malloc(strlen(s) + 1);
        size_t n = 0;

        if (!value)
                return -ENOMEM;
        for (s += quoted; *s && *s != (quoted ? '"' : ','); s++) {
                if (quoted && *s == '\\' && s[1])
                        s++;
                value[n++] = *s;
        }
        s += quoted && *s == '"';
        while (!quoted && n > 0 && strchr(BLANK, value[n - 1]))
                n--;
        value[n] = '\0';
        *p = s;
        *ret = TAKE_PTR(value);
        return 0;
}

static int set_parameter(AuthChallenge *c, const char *name, size_t n, char *value)
{
        _cleanup_free_ char *owned = value;
        struct {
                const char *name;
                char **field;
        } known[] = {{"realm", &c->realm}, {"service", &c->service}, {"scope", &c->scope}};

        for (const char *s = value; *s; s++)
                if ((unsigned char)*s < ' ' || *s == 0x7f)
                        return 0; /* nothing that we could use */
        for (size_t i = 0; i < ELEMENTSOF(known); i++)
                if (strlen(known[i].name) == n && strncasecmp(known[i].name, name, n) == 0 &&
                    !*known[i].field)
                        *known[i].field = TAKE_PTR(owned);
        return 0;
}

static AuthScheme scheme_of(const char *name, size_t n)
{
        if (n == 6 && strncasecmp(name, "Bearer", n) == 0)
                return AUTH_BEARER;
        return n == 5 && strncasecmp(name, "Basic", n) == 0 ? AUTH_BASIC : AUTH_NONE;
}

/* NAME=VALUE, ... up to what must be the next scheme: a word with no '=' behind it. */
static int take_parameters(const char **p, AuthChallenge *c)
{
        for (;;) {
                const char *s = *p + strspn(*p, BLANK ",");
                size_t n = token_length(s);
                const char *after = s + n + strspn(s + n, BLANK);

                *p = s;
                if (n == 0 || *after != '=')
                        return 0;
                *p = after + 1 + strspn(after + 1, BLANK);

                char *value = NULL;
                int r = take_value(p, &value);
                if (r >= 0)
                        r = set_parameter(c, s, n, value);
                if (r < 0)
                        return r;
        }
}

static bool is_better(const AuthChallenge *a, const AuthChallenge *b)
{
        if (a->scheme == AUTH_BEARER && !a->realm)
                return false;
        return a->scheme > b->scheme;
}

static int parse_header(const char *p, AuthChallenge *best)
{
        for (;;) {
                _cleanup_auth_challenge_ AuthChallenge c = {0};

                p += strspn(p, BLANK ",");
                size_t n = token_length(p);
                if (n == 0)
                        return 0; /* the end, or what is no challenge */
                c.scheme = scheme_of(p, n);
                p += n;
                int r = take_parameters(&p, &c);
                if (r < 0)
                        return r;
                if (!is_better(&c, best))
                        continue;
                auth_challenge_done(best);
                *best = c;
                c = (AuthChallenge){0};
        }
}

int auth_challenge_parse(char *const *headers, AuthChallenge *ret)
{
        _cleanup_auth_challenge_ AuthChallenge best = {0};

        STRV_FOREACH (s, headers) {
                int r = parse_header(*s, &best);

                if (r < 0)
                        return r;
        }
        *ret = best;
        best = (AuthChallenge){0};
        return 0;
}

/* ---- tokens ---- */

/* It is to become part of a header. Source: RFC 6750 2.1, b64token. */
static bool is_bearer(const char *s)
{
        static const char valid[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                    "-._~+/=";

        return *s && s[strspn(s, valid)] == '\0';
}

static uint64_t lifetime_of(const json_t *answer)
{
        const json_t *seconds = json_object_get(answer, "expires_in");
        json_int_t n = json_integer_value(seconds);

        if (!json_is_integer(seconds) || n <= 0)
                return TOKEN_USEC;
        return (uint64_t)MIN2(n, DAY) * 1000000;
}

int auth_token_parse(const char *text, size_t n, char **ret, uint64_t *ret_usec,
                     const char **ret_why)
{
        json_auto_t *answer = NULL;

        *ret_why = "is no JSON object";
        if (n > AUTH_TOKEN_MAX)
                return -EBADMSG;
        answer = json_loadb(text, n, 0, NULL);
        if (!json_is_object(answer))
                return -EBADMSG;

        const char *token = json_string_value(json_object_get(answer, "token"));
        if (!token || !*token)
                token = json_string_value(json_object_get(answer, "access_token"));
        *ret_why = token ? "holds a token with characters that none has" : "holds no token";
        if (!token || !is_bearer(token))
                return -EBADMSG;
        *ret = strdup(token);
        if (!*ret)
                return -ENOMEM;
        *ret_usec = lifetime_of(answer);
        return 0;
}
