/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who we are: Basic, or a token of the server that the registry names. */
#include "base/io.h"
#include "base/text.h"
#include "import/http-url.h"
#include "import/registry-internal.h"

#include <glib.h>
#include <string.h>

#define RENEW_USEC (UINT64_C(5) * 1000000) /* a token is not used in its last seconds */

int registry_authorization(Registry *r, Endpoint *e, char **ret)
{
        char *copy = NULL;
        bool wanted = false;

        (void)pthread_mutex_lock(&r->lock);
        if (e->authorization && now_usec(CLOCK_MONOTONIC) < e->expires_usec) {
                wanted = true;
                copy = strdup(e->authorization);
        }
        (void)pthread_mutex_unlock(&r->lock);
        *ret = copy;
        return wanted && !copy ? -ENOMEM : 0;
}

static int basic(const AuthLogin *login, char **ret)
{
        _cleanup_secret_ char *pair = NULL;
        char *line = NULL;

        if (asprintf(&pair, "%s:%s", login->user, login->password) < 0)
                return -ENOMEM;
        gchar *encoded = g_base64_encode((const guchar *)pair, strlen(pair));
        int n = asprintf(&line, "Basic %s", encoded);
        (void)secret_free(encoded); /* GLib's allocator is malloc(3) */
        if (n < 0)
                return -ENOMEM;
        *ret = line;
        return 0;
}

/* Takes @value over. */
static void set_authorization(Endpoint *e, char *value, uint64_t lifetime_usec)
{
        (void)secret_free(e->authorization);
        e->authorization = value;
        e->expires_usec = lifetime_usec == UINT64_MAX ? UINT64_MAX
                                                      : now_usec(CLOCK_MONOTONIC) + lifetime_usec -
                                                                MIN2(RENEW_USEC, lifetime_usec / 2);
}

/* ---- tokens ---- */

static int add_scope(char **url, const char *repository, const char *actions)
{
        _cleanup_free_ char *scope = NULL;

        if (asprintf(&scope, "repository:%s:%s", repository, actions) < 0)
                return -ENOMEM;
        return http_url_add(url, "scope", scope);
}

/* The query says for what and for whom; the specification lets several scopes stand in it. */
static int add_query(const Registry *r, const Endpoint *e, const AuthChallenge *c, char **url)
{
        _cleanup_free_ char *own = NULL;
        const char *actions = r->push ? "pull,push" : "pull";
        int k = c->service ? http_url_add(url, "service", c->service) : 0;

        if (k >= 0)
                k = add_scope(url, e->repository, actions);
        if (k >= 0 && r->mount_from)
                k = add_scope(url, r->mount_from, "pull");
        if (asprintf(&own, "repository:%s:", e->repository) < 0)
                return -ENOMEM;
        /* a registry behind a proxy may know the repository by another name than we do */
        if (k >= 0 && c->scope && strncmp(c->scope, own, strlen(own)) != 0)
                k = http_url_add(url, "scope", c->scope);
        return k;
}

/* An identity token is not for URLs, which are logged: it goes into a form. */
static int make_form(const Registry *r, const Endpoint *e, const AuthChallenge *c, char **ret)
{
        _cleanup_secret_ char *url = strdup("https://x/");
        int k = url ? add_query(r, e, c, &url) : -ENOMEM;

        if (k >= 0)
                k = http_url_add(&url, "grant_type", "refresh_token");
        if (k >= 0)
                k = http_url_add(&url, "client_id", "lodge");
        if (k >= 0)
                k = http_url_add(&url, "refresh_token", e->login.identity_token);
        if (k < 0)
                return k;
        *ret = strdup(strchr(url, '?') + 1);
        return *ret ? 0 : -ENOMEM;
}

/* The realm is the registry's word. Over TLS we send our login to whom it says, as every client
 * does, but over TLS only. */
static int check_realm(const Registry *r, const Endpoint *e, const char *realm, char **ret,
                       Fault *reterr)
{
        int k = http_url_resolve(e->base, realm, ret);

        if (k == -ENOMEM)
                return k;
        if (k >= 0 && (!http_url_is_plain(*ret) || !e->login.user || e->insecure))
                return 0;
        if (k >= 0) {
                _cleanup_free_ char *host = http_url_host(*ret);

                if (host && http_host_is_loopback(host))
                        return 0;
        }
        _cleanup_free_ char *shown = text_for_display(realm, 120);
        return registry_fault_content(
                r, reterr,
                "the registry %s wants a token from '%s', which lodge does not ask: it is no https:// URL",
                e->host, shown ?: "");
}

static int ask(Registry *r, Http *h, Endpoint *e, const char *url, const char *form,
               HttpResponse *ret, Fault *reterr)
{
        _cleanup_secret_ char *login = NULL, *header = NULL;
        /* another server: nothing of the endpoint's may be used, and no 401 leads to a login */
        Endpoint server = {.base = (char *)"",
                           .host = e->host,
                           .repository = e->repository,
                           .insecure = e->insecure,
                           .answered = e->answered};
        char *headers[2] = {NULL};
        int k = 0;

        if (form)
                headers[0] = (char *)"Content-Type: application/x-www-form-urlencoded";
        else if (e->login.user) {
                k = basic(&e->login, &login);
                if (k >= 0 && asprintf(&header, "Authorization: %s", login) < 0)
                        k = -ENOMEM;
                headers[0] = header;
        }
        if (k < 0)
                return k;
        server.login.user = e->login.user; /* for the sentence */
        return registry_exchange(r, h, &server,
                                 &(Call){.method = form ? "POST" : "GET",
                                         .url = url,
                                         .headers = headers,
                                         .what = "a token",
                                         .body = form,
                                         .n_body = form ? strlen(form) : 0,
                                         .max_body = AUTH_TOKEN_MAX},
                                 ret, reterr);
}

static int get_token(Registry *r, Http *h, Endpoint *e, const AuthChallenge *c, Fault *reterr)
{
        _cleanup_free_ char *url = NULL;
        _cleanup_secret_ char *form = NULL, *token = NULL;
        _cleanup_http_response_ HttpResponse response = {0};
        uint64_t lifetime_usec;
        const char *why;
        char *line;

        int k = check_realm(r, e, c->realm, &url, reterr);
        if (k >= 0 && e->login.identity_token)
                k = make_form(r, e, c, &form);
        else if (k >= 0)
                k = add_query(r, e, c, &url);
        if (k >= 0)
                k = ask(r, h, e, url, form, &response, reterr);
        if (k < 0)
                return k;
        k = auth_token_parse(response.body, response.n_body, &token, &lifetime_usec, &why);
        if (k == -EBADMSG)
                return registry_fault_content(r, reterr,
                                              "what the token server of the registry %s answers %s",
                                              e->host, why);
        if (k < 0 || asprintf(&line, "Bearer %s", token) < 0)
                return -ENOMEM;
        explicit_bzero(response.body, response.n_body);
        set_authorization(e, line, lifetime_usec);
        return 0;
}

static int answer(Registry *r, Http *h, Endpoint *e, const char *used, const HttpResponse *denied,
                  Fault *reterr)
{
        _cleanup_auth_challenge_ AuthChallenge c = {0};
        bool fresh =
                used && e->expires_usec == UINT64_MAX; /* will not get better by asking again */
        char *line = NULL;
        int k = auth_challenge_parse(denied->challenges, &c);

        if (k < 0)
                return k;
        if (c.scheme == AUTH_BEARER && e->login.registry_token && !fresh) {
                if (asprintf(&line, "Bearer %s", e->login.registry_token) < 0)
                        return -ENOMEM;
                set_authorization(e, line, UINT64_MAX);
                return 0;
        }
        if (c.scheme == AUTH_BEARER && !fresh)
                return get_token(r, h, e, &c, reterr);
        if (c.scheme == AUTH_BASIC && e->login.user && !fresh) {
                k = basic(&e->login, &line);
                if (k >= 0)
                        set_authorization(e, line, UINT64_MAX);
                return k;
        }
        return registry_fault_status(r, e, e->base, "a login", denied, reterr);
}

int registry_login(Registry *r, Http *h, Endpoint *e, const char *used, const HttpResponse *denied,
                   Fault *reterr)
{
        int k = 1;

        (void)pthread_mutex_lock(&r->lock);
        /* if it differs from what was used, another thread has been here meanwhile */
        if (streq(e->authorization, used) || !e->authorization ||
            now_usec(CLOCK_MONOTONIC) >= e->expires_usec)
                k = answer(r, h, e, used, denied, reterr);
        (void)pthread_mutex_unlock(&r->lock);
        return k;
}
