/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From one request to an answer that counts: logins, redirects, repetitions, the next server. */
#include "base/io.h"
#include "base/text.h"
#include "import/http-url.h"
#include "import/registry-internal.h"

#include <string.h>

#define TRIES_MAX       5  /* without getting on */
#define LOST_TRIES_MAX  8  /* half a minute of pauses: a network that went away may come back */
#define LIMIT_TRIES_MAX 3  /* where the registry says that there are too many */
#define LIMIT_SECONDS   60 /* that we wait for it, at most */
#define LOGINS_MAX      2  /* for one call: a token may end meanwhile */
#define REDIRECTS_MAX   5
#define PROGRESS_BYTES  (64U << 10) /* so many make it worth to go on trying */
#define PROBE_SECONDS   5           /* for TLS where plain HTTP may be meant */
#define PATIENT_SECONDS 600

/* What has been tried of a call. */
typedef struct Attempts {
        unsigned n, n_limited, n_logins;
        uint64_t offset; /* at the last failure */
} Attempts;

bool registry_stopped(const Registry *r)
{
        return r->stop && atomic_load_explicit(r->stop, memory_order_relaxed);
}

void registry_pause(const Registry *r, uint64_t msec)
{
        const struct timespec step = {.tv_nsec = 50 * 1000 * 1000};
        uint64_t end = now_usec(CLOCK_MONOTONIC) + msec * 1000;

        while (!registry_stopped(r) && now_usec(CLOCK_MONOTONIC) < end)
                (void)nanosleep(&step, NULL);
}

/* ---- one request ---- */

static int make_headers(const Call *c, const char *authorization, char ***ret)
{
        _cleanup_strv_free_ char **headers = NULL;
        char range[64];
        int k = 0;

        for (char *const *s = c->headers; k >= 0 && s && *s; s++)
                k = strv_push(&headers, *s);
        if (k >= 0 && c->offset && *c->offset > 0) {
                (void)snprintf(range, sizeof(range), "Range: bytes=%llu-",
                               (unsigned long long)*c->offset);
                k = strv_push(&headers, range);
        }
        if (k >= 0 && authorization) {
                _cleanup_secret_ char *line = NULL;

                if (asprintf(&line, "Authorization: %s", authorization) < 0)
                        return -ENOMEM;
                k = strv_push(&headers, line);
        }
        if (k < 0)
                return k;
        *ret = TAKE_PTR(headers);
        return 0;
}

static void strv_wipe(char **v)
{
        STRV_FOREACH (s, v)
                explicit_bzero(*s, strlen(*s));
}

/* The login goes to the endpoint itself and to nobody else, wherever the URL came from. */
static int request(Registry *r, Http *h, Endpoint *e, const Call *c, const char *url,
                   const char *authorization, HttpResponse *ret)
{
        _cleanup_strv_free_ char **headers = NULL;
        _cleanup_http_tls_ HttpTls tls = {0};
        _cleanup_free_ char *host = http_url_host(url);
        bool probe = e->insecure || http_host_is_loopback(e->host);

        int k = host ? registry_trust(host, e->insecure, &tls) : -ENOMEM;
        if (k >= 0)
                k = make_headers(c, authorization, &headers);
        if (k < 0)
                return k;
        k = http_request(h,
                         &(HttpRequest){
                                 .method = c->method,
                                 .url = url,
                                 .headers = headers,
                                 .tls = &tls,
                                 .body = c->body,
                                 .n_body = c->n_body,
                                 .source = c->source,
                                 .source_data = c->source_data,
                                 .sink = c->sink,
                                 .sink_data = c->sink_data,
                                 .max_body = c->max_body,
                                 .connect_seconds = probe ? PROBE_SECONDS : 0,
                                 .stall_seconds = c->patient ? PATIENT_SECONDS : r->stall_seconds,
                         },
                         ret);
        strv_wipe(headers);
        return k == -EIO ? 0 : k; /* the response says it */
}

static bool is_redirect(const Call *c, const HttpResponse *response)
{
        static const int statuses[] = {301, 302, 303, 307, 308};

        if (response->failure != HTTP_FINE || !response->headers[HTTP_LOCATION] ||
            (!streq(c->method, "GET") && !streq(c->method, "HEAD")))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(statuses); i++)
                if (response->status == statuses[i])
                        return true;
        return false;
}

static int fault_redirect(const Registry *r, const char *url, const char *location, Fault *reterr)
{
        _cleanup_free_ char *host = http_url_host(url);
        _cleanup_free_ char *shown = text_for_display(location, 120);

        return registry_fault_content(
                r, reterr,
                "the registry %s sends on to '%s', where lodge does not go: only to https, or as it came, and without a password in it",
                host ?: "", shown ?: "");
}

/* Replaces *@url by where @response sends us. */
static int follow(const Registry *r, char **url, const HttpResponse *response, Fault *reterr)
{
        const char *location = response->headers[HTTP_LOCATION];
        char *next = NULL;
        int k = http_url_resolve(*url, location, &next);

        if (k == -ENOMEM)
                return k;
        if (k < 0)
                return fault_redirect(r, *url, location, reterr);
        free(*url);
        *url = next;
        return 0;
}

/* One round: a request and the redirects that it is answered by.
 * @ret_used  the login that the last of them had; NULL none */
static int round_trip(Registry *r, Http *h, Endpoint *e, const Call *c, char **url,
                      HttpResponse *ret, char **ret_used, Fault *reterr)
{
        for (unsigned n = 0;; n++) {
                _cleanup_secret_ char *authorization = NULL;
                int k = 0;

                if (http_url_same_origin(*url, e->base))
                        k = registry_authorization(r, e, &authorization);
                if (k >= 0)
                        k = request(r, h, e, c, *url, authorization, ret);
                if (k < 0)
                        return k;
                if (!is_redirect(c, ret)) {
                        *ret_used = TAKE_PTR(authorization);
                        return 0;
                }
                if (n >= REDIRECTS_MAX)
                        return registry_fault_content(
                                r, reterr, "the registry %s sends on without an end", e->host);
                k = follow(r, url, ret, reterr);
                if (k < 0)
                        return k;
                http_response_done(ret);
        }
}

/* ---- is it worth a repetition? ---- */

bool registry_is_lost(const Endpoint *e, HttpFailure failure)
{
        switch (failure) {
        case HTTP_NO_ADDRESS:
        case HTTP_REFUSED:
        case HTTP_UNREACHABLE:
        case HTTP_TIMED_OUT: return e->answered;
        default: return false;
        }
}

/* How often a request that failed so is made; one that was never answered is given up at once, and
 * a mirror sooner, as there are others. */
static unsigned tries_max(const Endpoint *e, HttpFailure failure)
{
        if (failure == HTTP_STALLED || failure == HTTP_BROKEN)
                return TRIES_MAX;
        if (!registry_is_lost(e, failure))
                return 1;
        return e->mirror ? TRIES_MAX : LOST_TRIES_MAX;
}

/* Return: true after a pause, if the call is to be repeated. */
static bool repeat_later(const Registry *r, const Call *c, Attempts *a, unsigned most)
{
        if (c->offset && *c->offset >= a->offset + PROGRESS_BYTES) {
                a->offset = *c->offset;
                a->n = 0;
        }
        if (c->once || ++a->n >= most)
                return false;
        registry_pause(r, (uint64_t)r->pause_msec << (a->n - 1));
        return !registry_stopped(r);
}

/* The registry says when; without that, it is guessed. */
static bool repeat_when_told(const Registry *r, const Call *c, Attempts *a,
                             const HttpResponse *response)
{
        uint64_t seconds = 0;
        const char *after = response->headers[HTTP_RETRY_AFTER];
        bool told = parse_u64(after, UINT32_MAX, &seconds) >= 0;

        if (c->once || ++a->n_limited > LIMIT_TRIES_MAX || (told && seconds > LIMIT_SECONDS))
                return false;
        registry_pause(r, told ? seconds * 1000 : (uint64_t)r->pause_msec << (a->n_limited + 1));
        return !registry_stopped(r);
}

static bool is_server_fault(int status)
{
        return status == 500 || status == 502 || status == 503 || status == 504 || status == 408;
}

/* Return: 1 try again; 0 the answer counts; negative there is none. */
static int judge(Registry *r, Http *h, Endpoint *e, const Call *c, const char *url,
                 const char *used, HttpResponse *response, Attempts *a, Fault *reterr)
{
        e->failure = response->failure;
        if (response->failure == HTTP_STOPPED && !registry_stopped(r))
                return -ECANCELED; /* sink or source: they know why */
        if (response->failure != HTTP_FINE) {
                if (repeat_later(r, c, a, tries_max(e, response->failure)))
                        return 1;
                return registry_fault_transport(r, e, url, c->what, response, reterr);
        }
        e->answered = true;
        if (response->status == 401 && http_url_same_origin(url, e->base) &&
            a->n_logins < LOGINS_MAX) {
                int k = registry_login(r, h, e, used, response, reterr);

                a->n_logins += k == 0;
                return k < 0 ? k : !c->once;
        }
        if (response->status == 429)
                return repeat_when_told(r, c, a, response);
        return is_server_fault(response->status) && repeat_later(r, c, a, TRIES_MAX);
}

static int make_url(const Endpoint *e, const Call *c, char **ret)
{
        if (c->url)
                *ret = strdup(c->url);
        else if (asprintf(ret, "%s/v2/%s%s", e->base, e->repository, c->path) < 0)
                *ret = NULL;
        return *ret ? 0 : -ENOMEM;
}

static int check_status(Registry *r, const Endpoint *e, const Call *c, const char *url,
                        const HttpResponse *response, Fault *reterr)
{
        if (response->status / 100 == 2 || (response->status == 404 && c->missing_ok))
                return 0;
        return registry_fault_status(r, e, url, c->what, response, reterr);
}

int registry_exchange(Registry *r, Http *h, Endpoint *e, const Call *c, HttpResponse *ret,
                      Fault *reterr)
{
        Attempts a = {.offset = c->offset ? *c->offset : 0};

        for (;;) {
                _cleanup_free_ char *url = NULL;
                _cleanup_secret_ char *used = NULL;

                http_response_done(ret);
                int k = make_url(e, c, &url);
                if (k >= 0)
                        k = round_trip(r, h, e, c, &url, ret, &used, reterr);
                if (k >= 0)
                        k = judge(r, h, e, c, url, used, ret, &a, reterr);
                if (k == 0)
                        k = check_status(r, e, c, url, ret, reterr);
                if (k <= 0)
                        return k;
        }
}

/* ---- one server after the other ---- */

/* Did the one before it, the same server, fail in a way that lets us hope for plain HTTP? */
static bool fallback_is_wanted(const Endpoint *e)
{
        HttpFailure failure = e[-1].failure;

        if (failure == HTTP_REFUSED) /* without a port, HTTPS and HTTP have different ones */
                return !strchr(e->host + (e->host[0] == '[' ? strcspn(e->host, "]") : 0), ':');
        return failure == HTTP_NOT_TLS || failure == HTTP_NO_CA || failure == HTTP_TIMED_OUT;
}

/* Has whatever comes behind endpoint @i a chance? */
static bool is_last(const Registry *r, size_t i, int error)
{
        if (registry_stopped(r) || error == -ECANCELED || error == -ENOMEM)
                return true;
        if (i + 1 >= r->n_endpoints)
                return true;
        return r->endpoints[i + 1].fallback && !fallback_is_wanted(&r->endpoints[i + 1]);
}

int registry_call(Registry *r, Http *h, const Call *c, HttpResponse *ret, Fault *reterr)
{
        size_t first = r->current;

        for (size_t i = first;; i++) {
                _cleanup_fault_ Fault why = {0};
                Endpoint *e = &r->endpoints[i];
                int k = registry_exchange(r, h, e, c, ret, &why);
                bool has_it = k == 0 && (ret->status != 404 || !e->mirror);

                if (has_it && c->chooses)
                        r->current = i;
                if (has_it || c->url || is_last(r, i, k)) {
                        if (k < 0 && reterr && reterr->code == FAULT_NONE) {
                                *reterr = why;
                                why = (Fault){0};
                        }
                        return k;
                }
        }
}
