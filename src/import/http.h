/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One HTTP request, over libcurl, with a fence around it: http and https and nothing else, no
 * redirect followed, no cookie, no credentials but those in a header that is given. Part of
 * lodge-import; knows no registry. The only file besides http-url.c that sees libcurl. */
#pragma once

#include "base/cleanup.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What kept an answer from coming, or from coming whole. */
typedef enum HttpFailure {
        HTTP_FINE,
        HTTP_NO_ADDRESS,  /* the name cannot be resolved */
        HTTP_REFUSED,     /* nobody listens there */
        HTTP_UNREACHABLE, /* no way to there */
        HTTP_TIMED_OUT,   /* no connection, or no answer in time */
        HTTP_STALLED,     /* there was an answer, and then nothing more */
        HTTP_BROKEN,      /* the connection ended early */
        HTTP_NOT_TLS,     /* the other side speaks no TLS, or none that we do */
        HTTP_UNTRUSTED,   /* its certificate */
        HTTP_NO_CA,       /* this host trusts nobody: it has no certificates of authorities */
        HTTP_TOO_LARGE,   /* more than the caller takes */
        HTTP_STOPPED,     /* by the caller: sink, source or *stop */
        HTTP_OTHER,       /* see the message */
} HttpFailure;

typedef enum HttpHeader {
        HTTP_CONTENT_TYPE,
        HTTP_CONTENT_LENGTH,
        HTTP_CONTENT_RANGE,
        HTTP_LOCATION,
        HTTP_RETRY_AFTER,
        HTTP_DIGEST, /* Docker-Content-Digest */
        _HTTP_HEADER_MAX,
} HttpHeader;

typedef struct HttpResponse {
        int status;                      /* 0 if there was none */
        char *headers[_HTTP_HEADER_MAX]; /* untrusted; NULL if absent */
        char **challenges;               /* each WWW-Authenticate */
        char *body; /* NUL-terminated; empty if it went to the sink. Of an error: the beginning */
        size_t n_body;
        uint64_t n_given; /* bytes of it that the sink has taken */
        HttpFailure failure;
        char message[256]; /* libcurl's words about it */
} HttpResponse;

/** http_response_done() - free what it holds and make it empty */
void http_response_done(HttpResponse *r);
#define _cleanup_http_response_ _cleanup_(http_response_done)

/** HttpSink - takes a part of the body of an answer with status 2xx
 * @r  status and headers so far
 * Return: 0; negative ends the transfer with HTTP_STOPPED. */
typedef int (*HttpSink)(void *userdata, const HttpResponse *r, const void *data, size_t n);

/** HttpSource - gives a part of the body that is sent; may be asked for the same twice
 * Return: how many bytes of the @n from @offset on, at least 1; negative ends the transfer with
 * HTTP_STOPPED. */
typedef ssize_t (*HttpSource)(void *userdata, uint64_t offset, void *buf, size_t n);

/* How a host is to be trusted. */
typedef struct HttpTls {
        char *ca;                /* certificates, PEM, besides the system's; or NULL */
        char *certificate, *key; /* our own, PEM; or NULL */
        bool insecure;           /* any certificate will do */
} HttpTls;

/** http_tls_done() - free what it holds and make it empty; the key is wiped */
void http_tls_done(HttpTls *t);
#define _cleanup_http_tls_ _cleanup_(http_tls_done)

typedef struct HttpRequest {
        const char *method; /* GET HEAD POST PUT PATCH */
        const char *url;
        char *const *headers; /* "Name: value"; may be NULL */
        const HttpTls *tls;   /* NULL: the system's trust */

        const void *body; /* to be sent; NULL none */
        uint64_t n_body;
        HttpSource source; /* gives it instead of body */
        void *source_data;

        HttpSink sink; /* NULL: the body of a 2xx is kept, if it has at most max_body bytes */
        void *sink_data;
        size_t max_body;

        unsigned connect_seconds; /* 0: 15 */
        unsigned stall_seconds;   /* 0: 30 */
} HttpRequest;

typedef struct Http Http; /* keeps connections; for one thread at a time */

/** http_new() - what requests are made with
 * @stop  ends every request when it becomes true; may be NULL
 * Return: NULL on OOM. */
Http *http_new(const atomic_bool *stop);
/** http_free() - close the connections
 * Return: always NULL. */
Http *http_free(Http *h);
static inline void http_freep(Http **h)
{
        (void)http_free(*h);
}
#define _cleanup_http_ _cleanup_(http_freep)

/** http_request() - make a request and wait for the whole answer
 * @ret  set in any case; caller calls http_response_done()
 * Return: 0 there is an answer, whatever its status; -ENOMEM; -EIO see @ret->failure. A status may
 * be there then, too. */
int http_request(Http *h, const HttpRequest *request, HttpResponse *ret);
