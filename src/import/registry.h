/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client of an OCI registry, for one repository. Any number of threads may use a Registry, each
 * with an Http of its own. Sentences begin with the canonical reference. */
#pragma once

#include "image/stream.h"
#include "import/http.h"
#include "import/registries-conf.h"
#include "spec/reference.h"

#define REGISTRY_MANIFEST_MAX                                                                      \
        (4U << 20) /* bytes: what the specification asks registries to take                        \
                    */

typedef struct Registry Registry;

typedef struct RegistryArgs {
        const Reference *reference; /* canonical */
        const char *auth;           /* text of an auth.json; NULL: nobody is logged in */
        size_t n_auth;
        const RegistriesConf *conf; /* may be NULL */
        bool insecure;              /* plain HTTP and any certificate will do */
        bool push;                  /* ask for the right to write, and no mirror */
        const char *mount_from;     /* with push: another repository of the same registry, which
                                       may have the blobs already; or NULL */
        const atomic_bool *stop;    /* ends every call when it becomes true; may be NULL */
        unsigned stall_seconds;     /* 0: 30; without a byte for so long it is tried again */
        unsigned pause_msec;        /* 0: 250; before the first repetition, doubled each time */
} RegistryArgs;

/** registry_new() - who is to be asked, and with which login; no byte is sent
 * @args  its conf, reference and auth are copied, stop must live on
 * Return: 0; -EINVAL, -EOPNOTSUPP from auth_file_find() and for mirrors that are not allowed;
 * -ENOMEM. */
int registry_new(const RegistryArgs *args, Registry **ret, Fault *reterr);
/** registry_free() - forget it, wipe passwords and tokens
 * Return: always NULL. */
Registry *registry_free(Registry *r);
static inline void registry_freep(Registry **r)
{
        (void)registry_free(*r);
}
#define _cleanup_registry_ _cleanup_(registry_freep)

/** registry_http() - what a thread makes its calls with
 * Return: one that registry_http_done() was given, or a new one; NULL on OOM. */
Http *registry_http(Registry *r);
/** registry_http_done() - give it back, for whoever is next
 * @h  may be NULL */
void registry_http_done(Registry *r, Http *h);

typedef struct RegistryManifest {
        char *media_type; /* untrusted, without parameters; NULL if the registry does not say */
        char *digest;
        char *text;
        size_t n;
} RegistryManifest;

/** registry_manifest_done() - free what it holds and make it empty */
void registry_manifest_done(RegistryManifest *m);
#define _cleanup_registry_manifest_ _cleanup_(registry_manifest_done)

/** registry_get_manifest() - a manifest or an index, its digest checked
 * @digest  NULL: what the reference names
 * Return: 0; -EACCES with FAULT_NOT_AUTHORIZED no or not this login; with FAULT_PULL_FAILED:
 * -ENOENT, -EBUSY too many pulls, -ETIMEDOUT, -ECONNREFUSED, -EHOSTUNREACH, -EADDRNOTAVAIL no such
 * name, -EKEYREJECTED certificate, -EPROTO no TLS, -EPIPE broken off, -EREMOTEIO it failed,
 * -EBADMSG not what it should be; -ECANCELED. */
int registry_get_manifest(Registry *r, Http *h, const char *digest, RegistryManifest *ret,
                          Fault *reterr);

/* A blob that is fetched. */
typedef struct RegistryBlob {
        const char *digest;
        uint64_t size;
        const char *what; /* "layer", "configuration": for sentences */
        ByteSink sink;    /* gets each byte once, in order; checking the digest is up to it */
} RegistryBlob;

/** registry_get_blob() - fetch a blob, going on where it broke off
 * Return: 0 the sink got exactly size bytes; negative as registry_get_manifest(), or what the sink
 * returned, with the fault that it has set. */
int registry_get_blob(Registry *r, Http *h, const RegistryBlob *blob, Fault *reterr);

/** registry_get_small_blob() - fetch a blob into memory and check its digest
 * @ret  NUL-terminated, caller frees
 * Return: as registry_get_blob(); -EBADMSG larger than @max, or another digest. */
int registry_get_small_blob(Registry *r, Http *h, const RegistryBlob *blob, size_t max, char **ret,
                            Fault *reterr);

/* ---- writing ---- */

/** registry_has_blob() - is it there?
 * Return: 1; 0; negative as registry_get_manifest(). */
int registry_has_blob(Registry *r, Http *h, const char *digest, Fault *reterr);

/** registry_mount_blob() - have the registry take it over from mount_from
 * Return: 1 done; 0 it does not do that, or there is no mount_from; negative as
 * registry_get_manifest(). */
int registry_mount_blob(Registry *r, Http *h, const char *digest, Fault *reterr);

/* A blob that is sent. */
typedef struct RegistryUpload {
        const char *digest;
        uint64_t size;
        const char *what;
        HttpSource source;
        void *source_data;
} RegistryUpload;

/** registry_put_blob() - send a blob, again from the start where it broke off
 * Return: 0; negative as registry_get_manifest(), or what the source returned, without a fault. */
int registry_put_blob(Registry *r, Http *h, const RegistryUpload *upload, Fault *reterr);

/** registry_put_manifest() - give the reference its content
 * Return: 0; negative as registry_get_manifest(). */
int registry_put_manifest(Registry *r, Http *h, const char *media_type, const void *text, size_t n,
                          Fault *reterr);
