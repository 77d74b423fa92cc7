/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/auth-file.h"

#include "base/text.h"
#include "import/auth-challenge.h"

#include <glib.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

typedef struct Search {
        const char *host, *name; /* name: HOST/REPOSITORY */
        Fault *reterr;
} Search;

void auth_login_done(AuthLogin *l)
{
        (void)secret_free(l->user);
        (void)secret_free(l->password);
        (void)secret_free(l->identity_token);
        (void)secret_free(l->registry_token);
        *l = (AuthLogin){0};
}

/* Docker Hub is known by several names, of which docker writes one and skopeo another. */
static const char *canonical_host(const char *host)
{
        static const char *const hub[] = {"index.docker.io", "registry-1.docker.io",
                                          "registry.hub.docker.com"};

        for (size_t i = 0; i < ELEMENTSOF(hub); i++)
                if (strcasecmp(host, hub[i]) == 0)
                        return "docker.io";
        return host;
}

/* How many bytes of the name a key stands for; 0 if it is not about it. docker's keys may be URLs,
 * of which only the host counts. */
static size_t match(const Search *s, const char *key)
{
        const char *scheme = strstr(key, "://");
        const char *rest = scheme ? scheme + 3 : key;
        size_t n_host = strcspn(rest, "/");
        _cleanup_free_ char *host = strndup(rest, n_host);

        if (!host || strcasecmp(canonical_host(host), s->host) != 0)
                return 0;

        const char *path = scheme ? "" : rest + n_host;
        size_t n_name = strlen(s->host), n = strlen(path);
        while (n > 0 && path[n - 1] == '/')
                n--;
        if (strncmp(s->name + n_name, path, n) != 0)
                return 0;
        char after = s->name[n_name + n];
        return after == '\0' || after == '/' ? n_name + n : 0;
}

static const json_t *find_in(const Search *s, json_t *object, size_t *ret_length)
{
        const json_t *found = NULL;
        const char *key;
        json_t *value;

        *ret_length = 0;
        json_object_foreach(object, key, value)
        {
                size_t n = match(s, key);

                if (n <= *ret_length)
                        continue;
                *ret_length = n;
                found = value;
        }
        return found;
}

static int fail(const Search *s, const char *what)
{
        return fault_set(s->reterr, FAULT_INVALID_OPTION, EINVAL,
                         "auth.json: the entry of %s %s; log in again, as with 'skopeo login %s'",
                         s->host, what, s->host);
}

static int take_string(const Search *s, const json_t *entry, const char *key, char **ret)
{
        const json_t *value = json_object_get(entry, key);
        const char *text = json_string_value(value);

        if (!value || (text && !*text))
                return 0;
        for (const char *c = text; c && *c; c++)
                if ((unsigned char)*c <= ' ' || *c == 0x7f)
                        text = NULL;
        if (!text)
                return fail(s, "holds a token that is no word");
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

/* "auth": base64 of USER:PASSWORD; some clients fill up with NUL bytes. */
static int take_password(const Search *s, const char *base64, AuthLogin *ret)
{
        gsize n = 0;
        unsigned char *bytes = g_base64_decode(base64, &n);
        _cleanup_secret_ char *plain = strndup((const char *)bytes, n);

        explicit_bzero(bytes, n);
        g_free(bytes);
        if (!plain)
                return -ENOMEM;

        /* the user is shown; the password may be anything, such as a key of several lines */
        char *colon = strchr(plain, ':');
        if (colon)
                *colon = '\0';
        if (!colon || colon == plain || !utf8_is_valid(plain) || strpbrk(plain, "\n\t"))
                return fail(s, "is not base64 of USER:PASSWORD");
        ret->user = strdup(plain);
        ret->password = strdup(colon + 1);
        return ret->user && ret->password ? 0 : -ENOMEM;
}

static int take_login(const Search *s, const json_t *entry, AuthLogin *ret)
{
        const json_t *auth = json_object_get(entry, "auth");
        int r = 0;

        if (!json_is_object(entry) || (auth && !json_is_string(auth)))
                return fail(s, "is not of the form {\"auth\": \"...\"}");
        if (json_string_length(auth) > 0)
                r = take_password(s, json_string_value(auth), ret);
        if (r >= 0)
                r = take_string(s, entry, "identitytoken", &ret->identity_token);
        if (r >= 0)
                r = take_string(s, entry, "registrytoken", &ret->registry_token);
        return r < 0 ? r : ret->user || ret->identity_token || ret->registry_token;
}

/* Helpers are programs that run as whoever logged in; here is another user, and nobody's home. */
static int check_helpers(const Search *s, const json_t *file, size_t length, bool listed)
{
        size_t n = 0;
        const char *store = json_string_value(json_object_get(file, "credsStore"));
        const char *helper =
                json_string_value(find_in(s, json_object_get(file, "credHelpers"), &n));

        if (!helper || n < length)
                helper = listed ? store : NULL;
        if (!helper || !*helper)
                return 0;

        _cleanup_free_ char *shown = text_for_display(helper, 80);
        return fault_set(
                s->reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                "auth.json: the login for %s is kept by the credential helper '%s', and lodge runs none; log in with 'skopeo login --authfile FILE %s' and give that file",
                s->host, shown ?: "", s->host);
}

static int parse(const char *text, size_t n, json_t **ret, Fault *reterr)
{
        json_error_t error = {.line = 0};

        if (n > AUTH_FILE_MAX)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "auth.json is larger than 1 MiB");
        *ret = json_loadb(text, n, 0, &error);
        if (!*ret) {
                _cleanup_free_ char *why = text_for_display(error.text, 160);

                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "auth.json:%d: %s",
                                 error.line, why ?: "not valid");
        }
        if (!json_is_object(*ret))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "auth.json:1: not an object");
        return 0;
}

int auth_file_find(const char *text, size_t n, const char *host, const char *repository,
                   AuthLogin *ret, Fault *reterr)
{
        json_auto_t *file = NULL;
        _cleanup_auth_login_ AuthLogin login = {0};
        _cleanup_free_ char *name = NULL;
        Search s = {.host = canonical_host(host), .reterr = reterr};
        size_t length;

        *ret = login;
        int r = parse(text, n, &file, reterr);
        if (r < 0)
                return r;
        if (asprintf(&name, "%s/%s", s.host, repository) < 0)
                return -ENOMEM;
        s.name = name;

        const json_t *entry = find_in(&s, json_object_get(file, "auths"), &length);
        if (entry)
                r = take_login(&s, entry, &login);
        if (r == 0)
                r = check_helpers(&s, file, length, entry);
        if (r < 0)
                return r;
        *ret = login;
        login = (AuthLogin){0};
        return ret->user || ret->identity_token || ret->registry_token;
}
