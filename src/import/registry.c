/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has the repository: mirrors, then the registry itself, over TLS or, where that is allowed,
 * without. */
#include "import/registry.h"

#include "base/names.h"
#include "base/text.h"
#include "import/http-url.h"
#include "import/registry-internal.h"

#include <string.h>

static void endpoint_done(Endpoint *e)
{
        free(e->base);
        free(e->host);
        free(e->repository);
        auth_login_done(&e->login);
        (void)secret_free(e->authorization);
}

Registry *registry_free(Registry *r)
{
        if (!r)
                return NULL;
        for (size_t i = 0; i < r->n_endpoints; i++)
                endpoint_done(&r->endpoints[i]);
        free(r->endpoints);
        for (size_t i = 0; i < ELEMENTSOF(r->idle); i++)
                (void)http_free(r->idle[i]);
        free(r->name);
        free(r->target);
        free(r->mount_from);
        (void)pthread_mutex_destroy(&r->lock);
        free(r);
        return NULL;
}

Http *registry_http(Registry *r)
{
        Http *h = NULL;

        (void)pthread_mutex_lock(&r->lock);
        for (size_t i = 0; i < ELEMENTSOF(r->idle) && !h; i++)
                h = TAKE_PTR(r->idle[i]);
        (void)pthread_mutex_unlock(&r->lock);
        return h ?: http_new(r->stop);
}

void registry_http_done(Registry *r, Http *h)
{
        (void)pthread_mutex_lock(&r->lock);
        for (size_t i = 0; i < ELEMENTSOF(r->idle) && h; i++)
                if (!r->idle[i])
                        r->idle[i] = TAKE_PTR(h);
        (void)pthread_mutex_unlock(&r->lock);
        (void)http_free(h);
}

/* Where the images of a domain are, if nothing else is said. */
static const char *location_of(const char *domain, const RegistryConf *conf)
{
        if (conf && conf->location)
                return conf->location;
        return streq(domain, "docker.io") ? "registry-1.docker.io" : domain;
}

/* @location is HOST[:PORT][/PREFIX]. */
static int set_endpoint(Endpoint *e, const char *scheme, const char *location, const char *path)
{
        size_t n = strcspn(location, "/");
        const char *prefix = location + n + (location[n] == '/');

        e->host = strndup(location, n);
        if (!e->host || asprintf(&e->base, "%s://%s", scheme, e->host) < 0 ||
            asprintf(&e->repository, "%s%s%s", prefix, *prefix ? "/" : "", path) < 0)
                return -ENOMEM;
        return 0;
}

static int add_endpoint(Registry *r, const RegistryArgs *args, const Endpoint *model,
                        const char *scheme, const char *location, Fault *reterr)
{
        Endpoint *grown = reallocarray(r->endpoints, r->n_endpoints + 1, sizeof(*grown)), *e;

        if (!grown)
                return -ENOMEM;
        r->endpoints = grown;
        e = &grown[r->n_endpoints++];
        *e = *model;

        int k = set_endpoint(e, scheme, location, args->reference->path);
        if (k < 0 || !args->auth)
                return k;
        k = auth_file_find(args->auth, args->n_auth, e->host, e->repository, &e->login, reterr);
        return k < 0 ? k : 0;
}

static int add_mirror(Registry *r, const RegistryArgs *args, const char *mirror, bool insecure,
                      Fault *reterr)
{
        const Endpoint model = {.mirror = true, .insecure = insecure};
        const char *location = strstr(mirror, "://") + strlen("://");
        bool plain = http_url_is_plain(mirror);

        if (plain && !insecure && !http_host_is_loopback(location))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "%s: " LODGE_REGISTRIES_CONF
                                 ": the mirror %s is plain HTTP, which needs Insecure=yes",
                                 r->name, mirror);
        return add_endpoint(r, args, &model, plain ? "http" : "https", location, reterr);
}

static int add_endpoints(Registry *r, const RegistryArgs *args, Fault *reterr)
{
        const char *domain = args->reference->domain;
        const RegistryConf *conf = args->conf ? registries_conf_find(args->conf, domain) : NULL;
        const char *location = location_of(domain, conf);
        bool insecure = args->insecure || (conf && conf->insecure);
        Endpoint model = {.insecure = insecure};
        int k = 0;

        if (conf && !args->push)
                for (char **m = conf->mirrors; k >= 0 && m && *m; m++)
                        k = add_mirror(r, args, *m, conf->insecure, reterr);
        if (k >= 0)
                k = add_endpoint(r, args, &model, "https", location, reterr);
        if (k < 0 || (!insecure && !http_host_is_loopback(location)))
                return k;
        model.fallback = true;
        return add_endpoint(r, args, &model, "http", location, reterr);
}

int registry_new(const RegistryArgs *args, Registry **ret, Fault *reterr)
{
        const Reference *reference = args->reference;
        _cleanup_registry_ Registry *r = calloc(1, sizeof(*r));

        if (!r)
                return -ENOMEM;
        (void)pthread_mutex_init(&r->lock, NULL); /* cannot fail with default attributes */
        r->stop = args->stop;
        r->push = args->push;
        r->stall_seconds = args->stall_seconds;
        r->pause_msec = args->pause_msec ?: 250;
        r->by_digest = reference->digest;
        r->name = reference_format(reference);
        r->target = strdup(reference->digest ?: reference->tag);
        if (args->push && args->mount_from)
                r->mount_from = strdup(args->mount_from);
        if (!r->name || !r->target || (args->push && args->mount_from && !r->mount_from))
                return -ENOMEM;
        int k = add_endpoints(r, args, reterr);
        if (k < 0)
                return k;
        *ret = TAKE_PTR(r);
        return 0;
}
