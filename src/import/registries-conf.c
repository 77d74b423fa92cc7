/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/registries-conf.h"

#include "base/text.h"
#include "import/http-url.h"
#include "spec/ini.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MIRRORS_MAX 16

static void registry_conf_done(RegistryConf *r)
{
        free(r->domain);
        free(r->location);
        strv_free(r->mirrors);
        *r = (RegistryConf){0};
}

void registries_conf_done(RegistriesConf *c)
{
        for (size_t i = 0; i < c->n; i++)
                registry_conf_done(&c->registries[i]);
        free(c->registries);
        *c = (RegistriesConf){0};
}

/* As it stands before the first '/' of a reference. */
static bool is_domain(void *userdata, const char *s)
{
        size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-:[]");

        return n > 0 && s[n] == '\0' && (strpbrk(s, ".:") || strcasecmp(s, "localhost") == 0);
}

static RegistryConf *find(const RegistriesConf *c, const char *domain)
{
        for (size_t i = 0; i < c->n; i++)
                if (strcasecmp(c->registries[i].domain, domain) == 0)
                        return &c->registries[i];
        return NULL;
}

static RegistryConf *find_or_add(RegistriesConf *c, const char *domain)
{
        RegistryConf *known = find(c, domain), *grown;

        if (known)
                return known;
        grown = reallocarray(c->registries, c->n + 1, sizeof(*grown));
        if (!grown)
                return NULL;
        c->registries = grown;
        grown[c->n] = (RegistryConf){.domain = strdup(domain)};
        if (!grown[c->n].domain)
                return NULL;
        for (char *s = grown[c->n].domain; *s; s++)
                *s = (char)tolower((unsigned char)*s);
        return &grown[c->n++];
}

static int invalid(Fault *reterr, const char *message)
{
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s", message);
}

/* HOST[:PORT][/PREFIX]: becomes a part of URLs. */
static bool is_location(const char *s)
{
        size_t n = strcspn(s, "/");
        _cleanup_free_ char *host = strndup(s, n);

        return host && *host && !strpbrk(s, " ?#%@\\") && !strstr(s, "//") && !strstr(s, "/.") &&
               (n == strlen(s) || s[strlen(s) - 1] != '/') && !strpbrk(host, "'\"<>");
}

static int set_location(RegistryConf *r, const char *value, Fault *reterr)
{
        _cleanup_free_ char *url = NULL, *whole = NULL;

        if (asprintf(&whole, "https://%s", value) < 0)
                return -ENOMEM;
        if (!is_location(value) || http_url_resolve(NULL, whole, &url) < 0)
                return invalid(reterr, "Location= is HOST, HOST:PORT or HOST/PREFIX");
        free(r->location);
        r->location = strdup(value);
        return r->location ? 0 : -ENOMEM;
}

static int add_mirror(RegistryConf *r, const char *value, Fault *reterr)
{
        _cleanup_free_ char *url = NULL;
        const char *rest = value + strcspn(value, ":"); /* of the scheme, not of a later part */

        if (strncmp(rest, "://", 3) != 0 || !is_location(rest + 3) ||
            http_url_resolve(NULL, value, &url) < 0)
                return invalid(reterr,
                               "Mirror= is https://HOST, with :PORT and /PREFIX if need be");
        if (strv_length(r->mirrors) >= MIRRORS_MAX)
                return invalid(reterr, "there are more than 16 mirrors");
        return strv_push(&r->mirrors, value);
}

static int assign(void *userdata, const char *section, const char *key, const char *value,
                  Fault *reterr)
{
        RegistryConf *r = find_or_add(userdata, section);

        if (!r)
                return -ENOMEM;
        if (streq(key, "Mirror")) {
                if (*value)
                        return add_mirror(r, value, reterr);
                r->mirrors = strv_free(r->mirrors);
                return 0;
        }
        if (streq(key, "Location"))
                return set_location(r, value, reterr);
        if (streq(key, "Insecure")) {
                int b = parse_bool(value);

                if (b < 0)
                        return invalid(reterr, "Insecure= is yes or no");
                r->insecure = b;
                return 0;
        }
        return invalid(reterr, "the keys are Location=, Mirror= and Insecure=");
}

int registries_conf_parse(const char *name, const char *text, size_t n, RegistriesConf *ret,
                          Fault *reterr)
{
        static const IniReader reader = {is_domain, assign, REGISTRIES_CONF_MAX};
        _cleanup_registries_conf_ RegistriesConf c = {0};
        int r = ini_parse(name, text, n, &reader, &c, reterr);

        if (r < 0)
                return r;
        *ret = c;
        c = (RegistriesConf){0};
        return 0;
}

const RegistryConf *registries_conf_find(const RegistriesConf *c, const char *domain)
{
        return find(c, domain);
}
