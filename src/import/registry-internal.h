/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the registry's client share. Not for others. */
#pragma once

#include "import/auth-challenge.h"
#include "import/auth-file.h"
#include "import/registry.h"

#include <pthread.h>

/* A server that may have the repository, and what we know of it. */
typedef struct Endpoint {
        char *base;       /* "https://HOST[:PORT]", nothing behind it */
        char *host;       /* HOST[:PORT], as it is shown and as certificates are found */
        char *repository; /* there: with the prefix of the mirror or location */
        bool mirror;
        bool fallback; /* the same server as the one before it, which speaks no TLS */
        bool insecure;
        atomic_bool answered;        /* it is there; what fails from now on is worth a repetition */
        _Atomic HttpFailure failure; /* of its last request */

        /* guarded by the registry's lock */
        AuthLogin login;
        char *authorization; /* value of the header, or NULL: none was asked for yet */
        uint64_t expires_usec;
} Endpoint;

struct Registry {
        char *name;   /* the reference, for sentences */
        char *target; /* tag or digest */
        bool by_digest, push;
        char *mount_from; /* another repository that is to be read while we push; or NULL */
        Endpoint *endpoints;
        size_t n_endpoints;
        _Atomic size_t current; /* the first that is worth asking */
        pthread_mutex_t lock;
        Http *idle[4]; /* with connections that may be used again; guarded by the lock */
        const atomic_bool *stop;
        unsigned stall_seconds, pause_msec;
};

/* A request to whichever server has the repository. */
typedef struct Call {
        const char *method;
        const char *path; /* behind /v2/REPOSITORY; or NULL */
        const char *url;  /* instead: one that the current endpoint gave us */
        char *const *headers;
        const char *what; /* it is about: "layer sha256:0123", for sentences */

        const void *body;
        uint64_t n_body;
        HttpSource source;
        void *source_data;

        HttpSink sink;
        void *sink_data;
        const uint64_t *offset; /* how far the sink has come: what follows is asked for */
        size_t max_body;

        bool chooses;    /* the endpoint that answers is asked first from now on */
        bool missing_ok; /* 404 is an answer */
        bool once;       /* is not repeated */
        bool patient;    /* the server may take minutes to think */
} Call;

/** registry_call() - ask the servers in turn until one has it, with logins, redirects and
 * repetitions
 * @ret    caller calls http_response_done()
 * Return: 0 a status 2xx, or 404 if that is an answer; -ECANCELED without a fault: sink or source
 * said no; negative as registry_get_manifest(). */
int registry_call(Registry *r, Http *h, const Call *c, HttpResponse *ret, Fault *reterr);

/** registry_exchange() - one request to one URL, repeated while that may help
 * @e   whose login, if the URL is its own, and whose trust is used
 * Return: 0 any status; else as registry_call(). */
int registry_exchange(Registry *r, Http *h, Endpoint *e, const Call *c, HttpResponse *ret,
                      Fault *reterr);

/** registry_is_lost() - is it away, and was there before? */
bool registry_is_lost(const Endpoint *e, HttpFailure failure);
/** registry_stopped() - does somebody want an end of it? */
bool registry_stopped(const Registry *r);
/** registry_pause() - sleep; shorter if registry_stopped() */
void registry_pause(const Registry *r, uint64_t msec);

/** registry_authorization() - the header's value for a request to an endpoint
 * @ret  newly allocated, caller wipes and frees; NULL: none
 * Return: 0; -ENOMEM. */
int registry_authorization(Registry *r, Endpoint *e, char **ret);

/** registry_login() - answer a 401
 * @used  what the request had; NULL: nothing
 * Return: 0 try again; 1 too, as another thread has done it; negative with @reterr set. */
int registry_login(Registry *r, Http *h, Endpoint *e, const char *used, const HttpResponse *denied,
                   Fault *reterr);

/** registry_trust() - load the certificates for a host
 * @ret  http_tls_done() frees it
 * Return: 0; -ENOMEM. Source: containers-certs.d(5). */
int registry_trust(const char *host, bool insecure, HttpTls *ret);

/** registry_fault_transport() - say why there is no answer */
int registry_fault_transport(const Registry *r, const Endpoint *e, const char *url,
                             const char *what, const HttpResponse *response, Fault *reterr);
/** registry_fault_status() - say what a status means */
int registry_fault_status(const Registry *r, const Endpoint *e, const char *url, const char *what,
                          const HttpResponse *response, Fault *reterr);
/** registry_fault_content() - say that the registry sent nonsense
 * Return: -EBADMSG. */
int registry_fault_content(const Registry *r, Fault *reterr, const char *format, ...)
        _printf_(3, 4);
