/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a registry gives nothing: one sentence each, with what to do next. */
#include "base/names.h"
#include "base/text.h"
#include "import/http-url.h"
#include "import/registry-internal.h"

#include <jansson.h>
#include <stdarg.h>
#include <string.h>

#define SHOWN_MAX 160

/* The registry's own words: {"errors": [{"code": ..., "message": ...}]}, or the beginning of a
 * text. */
static char *words_of(const HttpResponse *response, char **ret_code)
{
        json_auto_t *body =
                json_loadb(response->body ?: "", response->n_body, JSON_DISABLE_EOF_CHECK, NULL);
        const json_t *first = json_array_get(json_object_get(body, "errors"), 0);
        const char *code = json_string_value(json_object_get(first, "code"));
        const char *message = json_string_value(json_object_get(first, "message"));
        const char *details = json_string_value(json_object_get(body, "details"));

        if (ret_code)
                *ret_code = code ? text_for_display(code, 40) : NULL;
        if (message || code)
                return text_for_display(message && *message ? message : code, SHOWN_MAX);
        if (details)
                return text_for_display(details, SHOWN_MAX);
        if (!response->body || !*response->body || response->body[0] == '<' || body)
                return NULL;
        return text_for_display(response->body, SHOWN_MAX);
}

/* A login that is missing or not enough has a code of its own, so that clients can ask for one. */
static int fail(const Registry *r, Fault *reterr, int error, const char *format, ...)
        _printf_(4, 5);

static int fail(const Registry *r, Fault *reterr, int error, const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        va_list ap;

        va_start(ap, format);
        int n = vasprintf(&text, format, ap);
        va_end(ap);
        if (n < 0)
                return -ENOMEM;
        return fault_set(reterr, error == EACCES ? FAULT_NOT_AUTHORIZED : FAULT_PULL_FAILED, error,
                         "%s: %s", r->name, text);
}

int registry_fault_content(const Registry *r, Fault *reterr, const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        va_list ap;

        va_start(ap, format);
        int n = vasprintf(&text, format, ap);
        va_end(ap);
        return n < 0 ? -ENOMEM : fail(r, reterr, EBADMSG, "%s", text);
}

static int fault_certificate(const Registry *r, const Endpoint *e, const char *host,
                             const char *why, Fault *reterr)
{
        return fail(
                r, reterr, EKEYREJECTED,
                "the certificate of the registry %s is not trusted (%s); if it is the right one, put its authority's into /etc/containers/certs.d/%s/ca.crt",
                host, why, host);
}

static int lost_error(HttpFailure failure)
{
        switch (failure) {
        case HTTP_NO_ADDRESS: return EADDRNOTAVAIL;
        case HTTP_REFUSED: return ECONNREFUSED;
        case HTTP_UNREACHABLE: return EHOSTUNREACH;
        default: return ETIMEDOUT;
        }
}

int registry_fault_transport(const Registry *r, const Endpoint *e, const char *url,
                             const char *what, const HttpResponse *response, Fault *reterr)
{
        _cleanup_free_ char *host = http_url_host(url);
        _cleanup_free_ char *why = text_for_display(response->message, SHOWN_MAX);
        unsigned stall = r->stall_seconds ?: 30;

        if (!host || !why)
                return -ENOMEM;
        if (registry_is_lost(e, response->failure))
                return fail(
                        r, reterr, lost_error(response->failure),
                        "the registry %s cannot be reached any more, for %s (%s); check the host's network, and try again, which goes on with what is missing",
                        host, what, why);
        switch (response->failure) {
        case HTTP_NO_ADDRESS:
                return fail(
                        r, reterr, EADDRNOTAVAIL,
                        "the address of the registry %s cannot be found; check how it is written, and the host's DNS",
                        host);
        case HTTP_REFUSED:
                return fail(
                        r, reterr, ECONNREFUSED,
                        "nothing answers at the registry %s (connection refused); check the port, and whether it runs",
                        host);
        case HTTP_UNREACHABLE:
                return fail(r, reterr, EHOSTUNREACH,
                            "the registry %s cannot be reached (%s); check the host's network",
                            host, why);
        case HTTP_TIMED_OUT:
                return fail(
                        r, reterr, ETIMEDOUT,
                        "the registry %s does not answer in time; try again, or check the network and its proxies",
                        host);
        case HTTP_STALLED:
                return fail(
                        r, reterr, ETIMEDOUT,
                        "the registry %s went silent in the middle of %s, for %u s and again after each repetition; try again later, which goes on with what is missing",
                        host, what, stall);
        case HTTP_BROKEN:
                return fail(
                        r, reterr, EPIPE,
                        "the connection to the registry %s broke in the middle of %s, and again after each repetition; try again later, which goes on with what is missing",
                        host, what);
        case HTTP_NOT_TLS:
                return fail(
                        r, reterr, EPROTO,
                        "no secure connection with the registry %s (%s); if it speaks plain HTTP only, and the network can be trusted, pull with --insecure, or set Insecure=yes in " LODGE_REGISTRIES_CONF,
                        host, why);
        case HTTP_UNTRUSTED: return fault_certificate(r, e, host, why, reterr);
        case HTTP_NO_CA:
                return fail(
                        r, reterr, EKEYREJECTED,
                        "this host has no certificates to trust the registry %s by (%s); install ca-certificates, or put its authority's into /etc/containers/certs.d/%s/ca.crt",
                        host, why, host);
        case HTTP_TOO_LARGE:
                return fail(r, reterr, EBADMSG, "%s that the registry %s sends is too large", what,
                            host);
        case HTTP_STOPPED:
                return fault_set(reterr, FAULT_CANCELLED, ECANCELED, "%s: cancelled", r->name);
        default: return fail(r, reterr, EIO, "the registry %s and %s: %s", host, what, why);
        }
}

/* Many registries say 401 or 403 of what does not exist, so as not to tell. */
static int fault_denied(const Registry *r, const Endpoint *e, const HttpResponse *response,
                        const char *host, const char *words, Fault *reterr)
{
        const char *doing = r->push ? "write to" : "read";

        if (e->login.user)
                return fail(
                        r, reterr, EACCES,
                        "the registry %s does not let user '%s' %s '%s' (%d%s%s); check the name, and the login and its rights",
                        host, e->login.user, doing, e->repository, response->status,
                        words ? ": " : "", words ?: "");
        return fail(
                r, reterr, EACCES,
                "the registry %s lets nobody %s '%s' without a login, or has no such repository (%d%s%s); check the name, or log in with 'skopeo login %s'",
                host, doing, e->repository, response->status, words ? ": " : "", words ?: "", host);
}

static int fault_missing(const Registry *r, const Endpoint *e, const char *what, const char *host,
                         const char *code, Fault *reterr)
{
        if (strncmp(what, "manifest", strlen("manifest")) != 0)
                return fail(
                        r, reterr, ENOENT,
                        "the registry %s has no %s, which it says is a part of '%s'; the image there is damaged and must be pushed again",
                        host, what, e->repository);
        if (streq(code, "NAME_UNKNOWN"))
                return fail(r, reterr, ENOENT,
                            "the registry %s has no repository '%s'; check the name", host,
                            e->repository);
        return fail(
                r, reterr, ENOENT,
                "the registry %s has no %s '%s' in '%s', or no such repository; check the name and the %s",
                host, r->by_digest ? "manifest" : "tag", r->target, e->repository,
                r->by_digest ? "digest" : "tag");
}

static int fault_limit(const Registry *r, const char *host, const HttpResponse *response,
                       Fault *reterr)
{
        uint64_t seconds = 0;
        char when[64] = "later";

        if (parse_u64(response->headers[HTTP_RETRY_AFTER], UINT32_MAX, &seconds) >= 0)
                (void)snprintf(when, sizeof(when), "in %llu s", (unsigned long long)seconds);
        return fail(
                r, reterr, EBUSY,
                "the registry %s has had too many requests from here (429); try again %s, log in, or set a mirror in " LODGE_REGISTRIES_CONF,
                host, when);
}

int registry_fault_status(const Registry *r, const Endpoint *e, const char *url, const char *what,
                          const HttpResponse *response, Fault *reterr)
{
        _cleanup_free_ char *host = http_url_host(url), *code = NULL;
        _cleanup_free_ char *words = words_of(response, &code);
        int status = response->status;

        if (!host)
                return -ENOMEM;
        if (status == 401 || status == 403)
                return fault_denied(r, e, response, host, words, reterr);
        if (status == 404)
                return fault_missing(r, e, what, host, code, reterr);
        if (status == 429)
                return fault_limit(r, host, response, reterr);
        return fail(r, reterr, status >= 500 ? EREMOTEIO : EPROTO,
                    "the registry %s answers %d to the request for %s%s%s%s; %s", host, status,
                    what, words ? " ('" : "", words ?: "", words ? "')" : "",
                    status >= 500 ? "it has a fault, try again later"
                                  : "check the name, and that this is a registry");
}
