/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/http.h"

#include "base/text.h"

#include <curl/curl.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#define CONNECT_SECONDS  15
#define STALL_SECONDS    30
#define STALL_BYTES      100 /* a second; slower is as good as nothing */
#define BUFFER_BYTES     (256 << 10)
#define ERROR_BODY_BYTES 8192 /* kept of the body that explains an error */
#define HEADER_BYTES     8192 /* longer ones are none of those we know */
#define CHALLENGES_MAX   8

struct Http {
        CURL *curl;
        const atomic_bool *stop;
};

/* A request on its way. */
typedef struct Transfer {
        const HttpRequest *request;
        HttpResponse *response;
        const atomic_bool *stop;
        uint64_t n_sent; /* of what the source gives */
        char error[CURL_ERROR_SIZE];
        bool stopped, too_large, no_memory;
} Transfer;

void http_response_done(HttpResponse *r)
{
        for (size_t i = 0; i < _HTTP_HEADER_MAX; i++)
                free(r->headers[i]);
        strv_free(r->challenges);
        free(r->body);
        *r = (HttpResponse){0};
}

void http_tls_done(HttpTls *t)
{
        free(t->ca);
        free(t->certificate);
        if (t->key)
                explicit_bzero(t->key, strlen(t->key));
        free(t->key);
        *t = (HttpTls){0};
}

static void init_curl(void)
{
        (void)curl_global_init(CURL_GLOBAL_DEFAULT); /* a failure shows at the first handle */
}

Http *http_new(const atomic_bool *stop)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        _cleanup_free_ Http *h = calloc(1, sizeof(*h));

        (void)pthread_once(&once, init_curl);
        if (!h)
                return NULL;
        h->stop = stop;
        h->curl = curl_easy_init();
        return h->curl ? TAKE_PTR(h) : NULL;
}

Http *http_free(Http *h)
{
        if (h)
                curl_easy_cleanup(h->curl);
        free(h);
        return NULL;
}

/* ---- what libcurl calls ---- */

static void keep_header(Transfer *t, const char *name, size_t n_name, const char *value, size_t n)
{
        static const char *const names[_HTTP_HEADER_MAX] = {
                [HTTP_CONTENT_TYPE] = "Content-Type",   [HTTP_CONTENT_LENGTH] = "Content-Length",
                [HTTP_CONTENT_RANGE] = "Content-Range", [HTTP_LOCATION] = "Location",
                [HTTP_RETRY_AFTER] = "Retry-After",     [HTTP_DIGEST] = "Docker-Content-Digest",
        };
        static const char challenge[] = "WWW-Authenticate";
        HttpResponse *r = t->response;

        for (size_t i = 0; i < _HTTP_HEADER_MAX; i++)
                if (strlen(names[i]) == n_name && strncasecmp(name, names[i], n_name) == 0) {
                        free(r->headers[i]);
                        r->headers[i] = strndup(value, n);
                        t->no_memory |= !r->headers[i];
                }
        if (strlen(challenge) != n_name || strncasecmp(name, challenge, n_name) != 0 ||
            strv_length(r->challenges) >= CHALLENGES_MAX)
                return;

        _cleanup_free_ char *copy = strndup(value, n);
        t->no_memory |= !copy || strv_push(&r->challenges, copy) < 0;
}

/* One line of the head, not terminated; a new status line begins a new head. */
static size_t on_header(char *data, size_t size, size_t n, void *userdata)
{
        Transfer *t = userdata;
        const char *end = data + n, *colon = memchr(data, ':', n);

        if (n >= 5 && memcmp(data, "HTTP/", 5) == 0) {
                http_response_done(t->response);
                return n;
        }
        if (!colon || n > HEADER_BYTES)
                return n;

        const char *value = colon + 1;
        while (value < end && (*value == ' ' || *value == '\t'))
                value++;
        while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
                end--;
        if (!memchr(value, '\0', (size_t)(end - value)))
                keep_header(t, data, (size_t)(colon - data), value, (size_t)(end - value));
        return t->no_memory ? 0 : n;
}

static size_t keep_body(Transfer *t, const char *data, size_t n, size_t max, bool cut)
{
        HttpResponse *r = t->response;
        size_t taken = MIN2(n, max - MIN2(max, r->n_body));

        if (taken < n && !cut) {
                t->too_large = true;
                return 0;
        }
        char *grown = realloc(r->body, r->n_body + taken + 1);
        if (!grown) {
                t->no_memory = true;
                return 0;
        }
        memcpy(grown + r->n_body, data, taken);
        r->body = grown;
        r->n_body += taken;
        r->body[r->n_body] = '\0';
        return n;
}

static int status_of(CURL *curl)
{
        long status = 0;

        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        return (int)status;
}

/* libcurl hands the handle over in no callback: it is kept beside the transfer. */
typedef struct Context {
        Transfer *transfer;
        CURL *curl;
} Context;

static size_t on_body(char *data, size_t size, size_t n, void *userdata)
{
        Context *c = userdata;
        Transfer *t = c->transfer;
        const HttpRequest *q = t->request;

        t->response->status = status_of(c->curl);
        if (t->response->status / 100 != 2)
                return keep_body(t, data, n, ERROR_BODY_BYTES, true);
        if (!q->sink)
                return keep_body(t, data, n, q->max_body, false);
        if (q->sink(q->sink_data, t->response, data, n) < 0) {
                t->stopped = true;
                return 0;
        }
        t->response->n_given += n;
        return n;
}

static size_t on_read(char *buf, size_t size, size_t n, void *userdata)
{
        Transfer *t = userdata;
        const HttpRequest *q = t->request;
        uint64_t left = q->n_body - t->n_sent;
        ssize_t k = left > 0 ? q->source(q->source_data, t->n_sent, buf, MIN2(n, left)) : 0;

        if (k < 0) {
                t->stopped = true;
                return CURL_READFUNC_ABORT;
        }
        t->n_sent += (uint64_t)k;
        return (size_t)k;
}

/* When a connection that was kept turns out to be closed, all is sent again over another one. */
static int on_seek(void *userdata, curl_off_t offset, int origin)
{
        Transfer *t = userdata;

        if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > t->request->n_body)
                return CURL_SEEKFUNC_FAIL;
        t->n_sent = (uint64_t)offset;
        return CURL_SEEKFUNC_OK;
}

static int on_progress(void *userdata, curl_off_t total, curl_off_t now, curl_off_t total_up,
                       curl_off_t now_up)
{
        Transfer *t = userdata;

        if (!t->stop || !atomic_load_explicit(t->stop, memory_order_relaxed))
                return 0;
        t->stopped = true;
        return 1;
}

/* ---- the request ---- */

static void set_fence(CURL *curl)
{
        (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        (void)curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
        (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
        (void)curl_easy_setopt(curl, CURLOPT_UNRESTRICTED_AUTH, 0L);
        (void)curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L); /* there are other threads */
        (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "lodge/" LODGE_VERSION);
        (void)curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        (void)curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
        (void)curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
}

static void set_times(CURL *curl, const HttpRequest *q)
{
        (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
                               (long)(q->connect_seconds ?: CONNECT_SECONDS));
        (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES);
        (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME,
                               (long)(q->stall_seconds ?: STALL_SECONDS));
}

static void set_blob(CURL *curl, CURLoption option, const char *pem)
{
        struct curl_blob blob = {(void *)pem, pem ? strlen(pem) : 0, CURL_BLOB_COPY};

        if (pem)
                (void)curl_easy_setopt(curl, option, &blob);
}

/* Certificates given replace libcurl's bundle, a single file; the directory beside it goes on to be
 * used. So whoever gives some gives the bundle, too. */
static void set_tls(CURL *curl, const HttpTls *tls)
{
        if (!tls)
                return;
        set_blob(curl, CURLOPT_CAINFO_BLOB, tls->ca);
        set_blob(curl, CURLOPT_SSLCERT_BLOB, tls->certificate);
        set_blob(curl, CURLOPT_SSLKEY_BLOB, tls->key);
        if (tls->insecure) {
                (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
                (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
        }
}

static void set_body(CURL *curl, const HttpRequest *q, Transfer *t)
{
        if (q->source) {
                (void)curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
                (void)curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)q->n_body);
                (void)curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER_BYTES);
                (void)curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
                (void)curl_easy_setopt(curl, CURLOPT_READDATA, t);
                (void)curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
                (void)curl_easy_setopt(curl, CURLOPT_SEEKDATA, t);
        } else if (streq(q->method, "HEAD")) {
                (void)curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        } else if (!streq(q->method, "GET")) {
                (void)curl_easy_setopt(curl, CURLOPT_POST, 1L);
                (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, q->body ?: "");
                (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->n_body);
        }
        (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, q->method);
}

static struct curl_slist *make_headers(const HttpRequest *q)
{
        struct curl_slist *list = NULL;
        bool typed = false;

        STRV_FOREACH (s, q->headers) {
                struct curl_slist *longer = curl_slist_append(list, *s);

                list = longer ?: list;
                typed |= strncasecmp(*s, "Content-Type:", 13) == 0;
        }
        if (!typed) /* libcurl's own idea: a form */
                list = curl_slist_append(list, "Content-Type:") ?: list;
        return list;
}

/* An easy handle that is reset keeps its connections. */
static CURLcode perform(Http *h, Transfer *t)
{
        CURL *curl = h->curl;
        Context context = {t, curl};
        struct curl_slist *headers = make_headers(t->request);

        curl_easy_reset(curl);
        set_fence(curl);
        set_times(curl, t->request);
        set_tls(curl, t->request->tls);
        set_body(curl, t->request, t);
        (void)curl_easy_setopt(curl, CURLOPT_URL, t->request->url);
        (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t->error);
        (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
        (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
        (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
        (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &context);
        (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
        (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
        (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);

        CURLcode code = curl_easy_perform(curl);
        t->response->status = status_of(curl);
        curl_slist_free_all(headers);
        return code;
}

static HttpFailure no_connection(CURL *curl)
{
        long error = 0;

        (void)curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
        if (error == ECONNREFUSED)
                return HTTP_REFUSED;
        return error == ETIMEDOUT ? HTTP_TIMED_OUT : HTTP_UNREACHABLE;
}

static HttpFailure failure_of(CURL *curl, CURLcode code, const HttpResponse *r)
{
        switch (code) {
        case CURLE_OK: return HTTP_FINE;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY: return HTTP_NO_ADDRESS;
        case CURLE_COULDNT_CONNECT: return no_connection(curl);
        case CURLE_OPERATION_TIMEDOUT: return r->status ? HTTP_STALLED : HTTP_TIMED_OUT;
        case CURLE_SSL_CONNECT_ERROR: return HTTP_NOT_TLS;
        case CURLE_PEER_FAILED_VERIFICATION: return HTTP_UNTRUSTED;
        case CURLE_SSL_CACERT_BADFILE: return HTTP_NO_CA;
        case CURLE_PARTIAL_FILE:
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_FAIL_REWIND: return HTTP_BROKEN;
        default: return HTTP_OTHER;
        }
}

int http_request(Http *h, const HttpRequest *request, HttpResponse *ret)
{
        Transfer t = {.request = request, .response = ret, .stop = h->stop};

        *ret = (HttpResponse){0};
        CURLcode code = perform(h, &t);
        if (t.no_memory || code == CURLE_OUT_OF_MEMORY)
                return -ENOMEM;
        if (!ret->body) {
                ret->body = strdup("");
                if (!ret->body)
                        return -ENOMEM;
        }
        ret->failure = failure_of(h->curl, code, ret);
        if (t.stopped)
                ret->failure = HTTP_STOPPED;
        else if (t.too_large)
                ret->failure = HTTP_TOO_LARGE;
        (void)snprintf(ret->message, sizeof(ret->message), "%s",
                       t.error[0] ? t.error : curl_easy_strerror(code));
        return ret->failure == HTTP_FINE ? 0 : -EIO;
}
