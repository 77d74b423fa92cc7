/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client of a registry by itself, for `check`: driver get|put [OPTION VALUE]... REFERENCE
 * [BLOB]... get fetches the manifest that the reference names and each blob in it; put sends the
 * files BLOB and, the last of them, as a manifest. Prints what came, or the errno's name and the
 * sentence. */
#include "base/io.h"
#include "base/text.h"
#include "image/digest.h"
#include "import/registry.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (256U << 20)

typedef struct Driver {
        RegistryArgs args;
        Reference reference;
        RegistriesConf conf;
        char *auth, *conf_text;
        Registry *registry;
        size_t limit; /* the sink refuses more; 0: none */
} Driver;

typedef struct Hashing {
        Digest *digest;
        uint64_t n;
        size_t limit;
} Hashing;

static int hash(void *userdata, const void *data, size_t n, Fault *reterr)
{
        Hashing *h = userdata;

        h->n += n;
        if (h->limit > 0 && h->n > h->limit)
                return fault_set(reterr, FAULT_NO_SPACE, ENOSPC, "the disk is full");
        return digest_update(h->digest, data, n);
}

static int get_blob(Driver *d, const json_t *descriptor, const char *what, Fault *reterr)
{
        _cleanup_http_ Http *http = registry_http(d->registry);
        _cleanup_digest_ Digest *digest = digest_new();
        Hashing h = {.digest = digest, .limit = d->limit};
        RegistryBlob blob = {
                .digest = json_string_value(json_object_get(descriptor, "digest")),
                .size = (uint64_t)json_integer_value(json_object_get(descriptor, "size")),
                .what = what,
                .sink = {hash, &h}};
        char found[DIGEST_TEXT_MAX];

        int r = registry_get_blob(d->registry, http, &blob, reterr);
        if (r < 0)
                return r;
        if (digest_end(digest, found) < 0 || !streq(found, blob.digest))
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "%s has another digest", what);
        (void)printf("%s %s %llu\n", what, found, (unsigned long long)h.n);
        return 0;
}

typedef struct Fetch {
        Driver *driver;
        const json_t *layer;
        Fault fault;
        int r;
} Fetch;

static void *fetch(void *userdata)
{
        Fetch *f = userdata;

        f->r = get_blob(f->driver, f->layer, "layer", &f->fault);
        return NULL;
}

/* All layers at once. */
static int get_layers(Driver *d, const json_t *layers, Fault *reterr)
{
        size_t n = json_array_size(layers);
        _cleanup_free_ Fetch *fetches = calloc(n + 1, sizeof(*fetches));
        _cleanup_free_ pthread_t *threads = calloc(n + 1, sizeof(*threads));
        int r = 0;

        for (size_t i = 0; i < n; i++) {
                fetches[i] = (Fetch){.driver = d, .layer = json_array_get(layers, i)};
                (void)pthread_create(&threads[i], NULL, fetch, &fetches[i]);
        }
        for (size_t i = 0; i < n; i++) {
                (void)pthread_join(threads[i], NULL);
                if (fetches[i].r < 0 && r == 0) {
                        r = fetches[i].r;
                        *reterr = fetches[i].fault;
                } else {
                        fault_done(&fetches[i].fault);
                }
        }
        return r;
}

static int get(Driver *d, Fault *reterr)
{
        _cleanup_http_ Http *http = registry_http(d->registry);
        _cleanup_registry_manifest_ RegistryManifest m = {0};
        json_auto_t *manifest = NULL;

        int r = registry_get_manifest(d->registry, http, NULL, &m, reterr);
        if (r < 0)
                return r;
        manifest = json_loadb(m.text, m.n, 0, NULL);
        (void)printf("manifest %s %s\n", m.digest, m.media_type ?: "-");
        r = get_blob(d, json_object_get(manifest, "config"), "configuration", reterr);
        return r < 0 ? r : get_layers(d, json_object_get(manifest, "layers"), reterr);
}

static ssize_t give(void *userdata, uint64_t offset, void *buf, size_t n)
{
        return pread(*(int *)userdata, buf, n, (off_t)offset);
}

static int put_file(Driver *d, Http *http, const char *path, Fault *reterr)
{
        _cleanup_free_ char *data = NULL;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        char digest[DIGEST_TEXT_MAX];
        size_t n;

        int r = read_file_at(AT_FDCWD, path, FILE_MAX, &data, &n);
        if (r < 0 || digest_of(data, n, digest) < 0)
                return r;
        r = registry_has_blob(d->registry, http, digest, reterr);
        if (r == 0)
                r = registry_mount_blob(d->registry, http, digest, reterr);
        if (r > 0)
                (void)printf("there %s\n", digest);
        if (r != 0)
                return r;
        r = registry_put_blob(d->registry, http, &(RegistryUpload){digest, n, "layer", give, &fd},
                              reterr);
        if (r >= 0)
                (void)printf("sent %s\n", digest);
        return r;
}

static int put(Driver *d, char **files, Fault *reterr)
{
        _cleanup_http_ Http *http = registry_http(d->registry);
        _cleanup_free_ char *manifest = NULL;
        size_t n;
        int r = 0;

        for (; r >= 0 && files[1]; files++)
                r = put_file(d, http, files[0], reterr);
        if (r >= 0)
                r = read_file_at(AT_FDCWD, files[0], FILE_MAX, &manifest, &n);
        if (r >= 0)
                r = registry_put_manifest(d->registry, http,
                                          "application/vnd.oci.image.manifest.v1+json", manifest, n,
                                          reterr);
        return r;
}

static int option(Driver *d, const char *name, const char *value, Fault *reterr)
{
        size_t n;

        if (streq(name, "--stall"))
                d->args.stall_seconds = (unsigned)atoi(value);
        else if (streq(name, "--pause"))
                d->args.pause_msec = (unsigned)atoi(value);
        else if (streq(name, "--limit"))
                d->limit = (size_t)atol(value);
        else if (streq(name, "--insecure"))
                d->args.insecure = streq(value, "yes");
        else if (streq(name, "--auth"))
                return read_file_at(AT_FDCWD, value, FILE_MAX, &d->auth, &d->args.n_auth);
        else if (streq(name, "--conf")) {
                int r = read_file_at(AT_FDCWD, value, FILE_MAX, &d->conf_text, &n);

                d->args.conf = &d->conf;
                return r < 0 ? r
                             : registries_conf_parse("registries.conf", d->conf_text, n, &d->conf,
                                                     reterr);
        } else
                return -EINVAL;
        return 0;
}

static int run(Driver *d, char *argv[], Fault *reterr)
{
        const char *verb = *argv++;
        int r = 0;

        d->args.push = streq(verb, "put");
        d->args.mount_from = "ok/elsewhere";
        for (; r >= 0 && argv[0] && argv[0][0] == '-'; argv += 2)
                r = option(d, argv[0], argv[1], reterr);
        if (r >= 0)
                r = reference_parse(*argv++, &d->reference, reterr);
        d->args.reference = &d->reference;
        d->args.auth = d->auth;
        if (r >= 0)
                r = registry_new(&d->args, &d->registry, reterr);
        if (r < 0)
                return r;
        return d->args.push ? put(d, argv, reterr) : get(d, reterr);
}

int main(int argc, char *argv[])
{
        _cleanup_fault_ Fault fault = {0};
        Driver d = {0};

        (void)signal(SIGPIPE, SIG_IGN);
        if (argc < 3)
                return 2;
        int r = run(&d, argv + 1, &fault);
        if (r < 0)
                (void)printf("%s %s: %s\n", fault_code_name(fault.code) ?: "-",
                             strerrorname_np(-r) ?: "?", fault.message ?: "(no sentence)");
        (void)registry_free(d.registry);
        registries_conf_done(&d.conf);
        reference_done(&d.reference);
        free(d.auth);
        free(d.conf_text);
        return r < 0;
}
